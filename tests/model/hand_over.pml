/* SPDX-License-Identifier: MIT */
/*
 * A sender of several values whose deadline passes at any moment, and a
 * receiver that takes them in one go or one after another, stops when it likes,
 * and destroys the channel once it has all: chan_send_some() and chan_recv_some() of
 * src/chan/chan.c, unbuffered.  Each inline stands for the C function of its
 * name, each step (d_step) for what others can see of one.
 *
 * Shown: both count the same values, nobody sleeps for ever, and neither the
 * channel nor the waiter is touched when it is gone.  Each MUTANT, chosen by
 * -DMUTANT=name, must fail.
 */
#define NONE		   0
#define LOOKS_AT_THE_QUEUE 1 /* gave up, and asks the channel if it was served */
#define STAYS_CLAIMED	   2 /* though only some of its values went */
#define UNCLAIMED_BLINDLY  3 /* though it gave up meanwhile */
#define NOT_TAKEN_BACK	   4 /* gave up, and stays in the queue */
#ifndef MUTANT
#define MUTANT NONE
#endif

#define COUNT 3 /* values; their order is what send_some counts by */

mtype = { WAITING, CLAIMED, GAVE_UP, UNDECIDED, CHAN_OK, CHAN_TIMEDOUT };

/* The channel, and who is in its queue of senders. */
bool channel_lives = true, locked, enqueued;

/* The sender's struct chan_waiter, parker and case. */
bool waiter_lives, awake;
mtype state = WAITING, status = UNDECIDED;
byte sent; /* done_ */

byte received;
bool sender_left;

inline lock()
{
	d_step {
		!locked ->
		assert(channel_lives);
		locked = true
	}
}

inline unlock()
{
	d_step {
		assert(channel_lives);
		locked = false
	}
}

/* With what runs on the way to a wait: an unbuffered channel on which nobody
 * receives yet takes nothing. */
active proctype chan_send_some()
{
	bool gave_up;

	lock();
	d_step {
		waiter_lives = true; /* waiter_init() */
		enqueued = true
	}
	unlock();

	/* await_partner() */
	if
	:: awake
	:: !awake -> /* the deadline; give_up() */
		d_step {
			gave_up = (state == WAITING);
			state = GAVE_UP
		}
		if
#if MUTANT == LOOKS_AT_THE_QUEUE
		:: !gave_up ->
			lock();
			gave_up = enqueued;
			unlock()
#endif
		:: gave_up || awake
		fi
	fi;

	/* wait_alone() */
	if
	:: gave_up ->
		status = CHAN_TIMEDOUT;
#if MUTANT != NOT_TAKEN_BACK
		lock();
		enqueued = false;
		unlock()
#endif
	:: else
	fi;
	d_step {
		waiter_lives = false; /* parker_fini() */
		assert(status != UNDECIDED);
		assert((status == CHAN_OK) == (sent == COUNT));
		sender_left = true
	}
}

active proctype chan_recv_some()
{
	byte n;
	bool won, served;

	do
	:: received < COUNT ->
		lock();
		/* take_from_senders(): claim_first() */
		d_step {
			won = false;
			if
			:: enqueued ->
				assert(waiter_lives);
				won = (state == WAITING ||
				       MUTANT == STAYS_CLAIMED && sent > 0);
				if
				:: won -> state = CLAIMED
				:: else -> enqueued = false
				fi
			:: else
			fi
		}
		/* All that is left, or one. */
		if
		:: won -> n = COUNT - sent
		:: won -> n = 1
		:: else -> n = 0
		fi;
		d_step {
			sent = sent + n;
			received = received + n;
			n = 0;
			served = (won && sent == COUNT)
		}
		/* unclaim() */
		if
		:: d_step {
			won && !served && MUTANT != STAYS_CLAIMED ->
			if
			:: state == CLAIMED || MUTANT == UNCLAIMED_BLINDLY ->
				state = WAITING
			:: else ->
				served = true;
				status = CHAN_TIMEDOUT
			fi
		}
		:: else
		fi;
		d_step {
			if
			:: served -> enqueued = false
			:: else
			fi;
			if
			:: served && sent == COUNT -> status = CHAN_OK
			:: else
			fi
		}
		unlock();
		if
		:: served -> assert(waiter_lives); awake = true /* wake() */
		:: else
		fi
	:: received == COUNT ->
		channel_lives = false; /* chan_destroy() */
		break
	:: received < COUNT -> break /* it has enough, or hears no more */
	od;
	sender_left;
	assert(sent == received)
}
