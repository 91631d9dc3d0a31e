/* SPDX-License-Identifier: MIT */
/* Giving root away.  Runs once, in main. */
#include "privileges.h"

#include "check.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

int privileges_drop(const char *user)
{
	const struct passwd *p;
	uid_t real, effective, saved;

	if (*user == '\0')
		return 0;
	errno = 0;
	p = getpwnam(user);
	if (!p)
		return errno ? -errno : -ENOENT;
	CHECK(getresuid(&real, &effective, &saved) == 0);
	if (real == p->pw_uid && effective == p->pw_uid && saved == p->pw_uid)
		return 0; /* whom else could we be */
	if (initgroups(user, p->pw_gid) != 0 || setgid(p->pw_gid) != 0 ||
	    setuid(p->pw_uid) != 0)
		return -errno;
	/* There must be no way back. */
	CHECK(p->pw_uid == 0 || setuid(0) != 0);
	return 0;
}
