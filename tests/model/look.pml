/* SPDX-License-Identifier: MIT */
/*
 * The look without the lock: may_send() and may_receive() of
 * src/chan/internal.h, while others send, receive and close.  Shown: where the
 * answer is "no" there was a moment during the look when it was so.  Each
 * store and load of what is looked at is a step; that they happen in this
 * order for other threads too is what acquire and release are for.
 *
 * Each MUTANT, chosen by -DMUTANT=name, must fail.
 */
#define NONE			  0
#define CLOSED_LOOKED_AT_FIRST	  1
#define COUNT_SEEN_WHILE_REFILLED 2 /* at 0 between the old value and the new */
#define CLOSED_SET_LAST		  3 /* when those who waited were let go */
#ifndef MUTANT
#define MUTANT NONE
#endif

mtype = { SENDS, RECEIVES };

/* The channel; of its queues, how many wait there. */
bool locked, closed;
byte capacity, count, senders, receivers;

/* The look's way, and was the answer "no" at some moment since it began? */
mtype way;
bool was_no;

byte served_senders, served_receivers; /* wakes under way */

inline lock()
{
	d_step { !locked -> locked = true }
}

inline unlock()
{
	locked = false
}

/* With each step after which the channel is as this operation leaves it. */
inline judge()
{
	was_no = was_no ||
		 !closed && way == SENDS && count == capacity && !receivers ||
		 !closed && way == RECEIVES && count == 0 && !senders
}

proctype chan_send()
{
	lock();
	if
	:: closed -> unlock()
	:: !closed && receivers > 0 ->
		d_step { receivers--; judge() }
		unlock();
		served_receivers++
	:: !closed && receivers == 0 && count < capacity ->
		d_step { count++; judge() }
		unlock()
	:: else ->
		d_step { senders++; judge() }
		unlock();
end_asleep:	d_step { served_senders > 0 -> served_senders-- }
	fi
}

proctype chan_recv()
{
	lock();
	if
	:: count > 0 && senders == 0 ->
		d_step { count--; judge() }
		unlock()
	:: count > 0 && senders > 0 ->
#if MUTANT == COUNT_SEEN_WHILE_REFILLED
		count--;
		senders--;
		count++;
		unlock();
#else
		senders--; /* the count is written once, and is what it was */
		unlock();
#endif
		served_senders++
	:: count == 0 && senders > 0 ->
		d_step { senders--; judge() }
		unlock();
		served_senders++
	:: count == 0 && senders == 0 && closed -> unlock()
	:: else ->
		d_step { receivers++; judge() }
		unlock();
end_asleep:	d_step { served_receivers > 0 -> served_receivers-- }
	fi
}

proctype chan_close()
{
	lock();
#if MUTANT != CLOSED_SET_LAST
	closed = true;
#endif
	do
	:: d_step { receivers > 0 -> receivers--; served_receivers++ }
	:: d_step { senders > 0 -> senders--; served_senders++ }
	:: receivers + senders == 0 -> break
	od;
#if MUTANT == CLOSED_SET_LAST
	closed = true;
#endif
	unlock()
}

proctype look()
{
	bool buffer, partner, over;

	d_step { was_no = false; judge() }
#if MUTANT == CLOSED_LOOKED_AT_FIRST
	over = closed;
#endif
	if
	:: way == SENDS -> buffer = (count < capacity); partner = (receivers > 0)
	:: else -> buffer = (count > 0); partner = (senders > 0)
	fi;
#if MUTANT != CLOSED_LOOKED_AT_FIRST
	over = closed;
#endif
	assert(buffer || partner || over || was_no)
}

init {
	atomic {
		if
		:: way = SENDS
		:: way = RECEIVES
		fi;
		if
		:: capacity = 0
		:: capacity = 1
		:: capacity = 1; count = 1
		fi;
		run look();
		run chan_send();
		run chan_send();
		run chan_recv();
		run chan_recv();
		run chan_close()
	}
}
