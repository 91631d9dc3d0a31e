/* SPDX-License-Identifier: MIT */
/*
 * The select protocol of src/chan: two selectors and a closer over two
 * channels, in every order in which their steps can fall.  Each inline stands
 * for the C function of its name.
 *
 * What is done under a channel's lock is one atomic step here, where it claims
 * one waiter at most: the claim is the only part of it that those without the
 * lock can see or disturb.  Taking one lock and then the other, claiming one
 * waiter after another, sleeping, giving up and waking are steps of their own.
 * A look without the lock is only a hint, so it sees anything.
 *
 * Which channel each of a selector's two cases is on (it may be the same one)
 * and which way it goes, whether the channels buffer a value, whether the
 * selectors have deadlines, and which channel is closed, if any: all of it is
 * left to spin.  Shown, for all of them: nobody sleeps whom another could
 * serve (no lost wake-up) or for a lock (no deadlock); no value goes twice or
 * nowhere or to its sender; nobody is touched after he returned.
 *
 * MUTANT is a planted bug, by -DMUTANT=name; each of them must fail.
 */
#define NONE		       0
#define LATE_ENQUEUE	       1 /* the locks are let go before the cases wait */
#define NO_CLAIM	       2 /* two partners serve one waiter */
#define LOCK_IN_ORDER_OF_CASES 3
#define CLOSE_SAYS_OK	       4 /* to a sender whom nobody received from */
#define CLOSE_FORGETS_SENDERS  5
#define NO_GIVE_UP	       6 /* the deadline is believed without asking */
#define NO_WAIT_FOR_THE_WAKE   7 /* gave up too late, and leaves at once */
#define LEFT_BEHIND	       8 /* cases in queues of channels not chosen */
#define NO_REFILL	       9 /* a receive leaves its room to nobody */
#define MEETS_ITSELF	       10 /* waits in the queues before it looks */
#define TAKEN_TWICE	       11 /* a hand-over that fills the ring as well */
#ifndef MUTANT
#define MUTANT NONE
#endif

#define SELECTORS 2
#define CASES	  4 /* selector s has 2 * s and 2 * s + 1 */
#define NOBODY	  CASES
#define WAITER(k) ((k) / 2)
#define TWIN(k)	  (4 * WAITER(k) + 1 - (k)) /* the same waiter's other case */

mtype = { SENDS, RECEIVES, WAITING, CLAIMED, GAVE_UP, RUNS, SLEEPS, RETURNED,
	  UNDECIDED, CHAN_OK, CHAN_CLOSED };

/* struct chan.  A value is the number of its sender, plus one; 0 is none, and
 * one that was there before is EARLIER. */
#define EARLIER 3
bool locked[2], closed[2], buffered[2];
byte ring[2];
chan senders[2] = [CASES] of { byte };
chan receivers[2] = [CASES] of { byte };

/* struct chan_case */
byte on[CASES], value[CASES];
mtype direction[CASES], status[CASES];

/* struct chan_waiter and struct parker */
mtype state[SELECTORS];
byte chosen[SELECTORS];
bool awake[SELECTORS], has_deadline[SELECTORS];

/* For the proof only. */
mtype does[SELECTORS];
bool alive[SELECTORS];		/* has a waiter on its stack */
byte went[4], came[4];		/* by value, how often */

/* What is local to a step (d_step). */
hidden byte k, i;
hidden byte won, moved, proceeded;

/* ---- internal.h ---- */

inline enqueue(k)
{
	status[k] = UNDECIDED;
	if
	:: direction[k] == SENDS -> senders[on[k]] ! k
	:: else -> receivers[on[k]] ! k
	fi
}

inline dequeue(k)
{
	if
	:: senders[on[k]] ?? [eval(k)] -> senders[on[k]] ?? eval(k)
	:: receivers[on[k]] ?? [eval(k)] -> receivers[on[k]] ?? eval(k)
	:: else
	fi
}

/* Sets won. */
inline claim(w)
{
	assert(alive[w]);
	won = (state[w] == WAITING || MUTANT == NO_CLAIM);
	if
	:: won -> state[w] = CLAIMED
	:: else
	fi
}

/* Sets won. */
inline give_up(w)
{
	won = (state[w] == WAITING || MUTANT == NO_GIVE_UP);
	state[w] = GAVE_UP
}

/* Sets k. */
inline claim_first(queue)
{
	k = NOBODY;
	do
	:: len(queue) > 0 ->
		queue ? <k>;
		claim(WAITER(k));
		if
		:: won -> break
		:: else -> dequeue(k); k = NOBODY
		fi
	:: else -> break
	od
}

/* With leave(). */
inline served(what)
{
	dequeue(k);
	if
	:: on[TWIN(k)] == on[k] -> dequeue(TWIN(k))
	:: else
	fi;
	status[k] = what;
	chosen[WAITER(k)] = k;
	to_wake[WAITER(k)] = true
}

/* to_wake is the partner's own. */
inline wake()
{
	do
	:: d_step {
		to_wake[0] || to_wake[1] ->
		i = (to_wake[0] -> 0 : 1);
		assert(alive[i]);
		to_wake[i] = false;
		awake[i] = true /* unpark() */
	}
	:: !to_wake[0] && !to_wake[1] -> break
	od
}

/* ---- chan.c, life.c ---- */

/* Sets moved: the value of case me went to a receiver, or into the ring. */
inline chan__put(c, me)
{
	moved = true;
	claim_first(receivers[c]);
	if
	:: k != NOBODY ->
		value[k] = value[me];
		served(CHAN_OK);
		if
		:: MUTANT == TAKEN_TWICE && buffered[c] -> ring[c] = value[me]
		:: else
		fi
	:: k == NOBODY && buffered[c] && ring[c] == 0 -> ring[c] = value[me]
	:: else -> moved = false
	fi
}

/* Sets moved: case me got what was in the ring, whose room then goes to a
 * sender, or what a sender holds. */
inline chan__get(c, me)
{
	moved = (ring[c] != 0);
	if
	:: moved -> value[me] = ring[c]; ring[c] = 0
	:: else
	fi;
	if
	:: moved && MUTANT == NO_REFILL -> k = NOBODY
	:: else -> claim_first(senders[c])
	fi;
	if
	:: k == NOBODY
	:: k != NOBODY && moved -> ring[c] = value[k]; served(CHAN_OK)
	:: else -> moved = true; value[me] = value[k]; served(CHAN_OK)
	fi
}

proctype chan_close()
{
	bool to_wake[SELECTORS], receivers_wait = true, senders_wait = true;
	byte c;

	if
	:: d_step { !locked[0] -> locked[0] = true; closed[0] = true }
	:: d_step { !locked[1] -> c = 1; locked[1] = true; closed[1] = true }
	:: goto never_closed
	fi;
	do
	:: d_step {
		receivers_wait ->
		claim_first(receivers[c]);
		if
		:: k == NOBODY -> receivers_wait = false
		:: else -> value[k] = 0; served(CHAN_CLOSED)
		fi
	}
	:: d_step {
		!receivers_wait && senders_wait ->
		if
		:: MUTANT == CLOSE_FORGETS_SENDERS -> k = NOBODY
		:: else -> claim_first(senders[c])
		fi;
		if
		:: k == NOBODY -> senders_wait = false
		:: k != NOBODY && MUTANT == CLOSE_SAYS_OK -> served(CHAN_OK)
		:: else -> served(CHAN_CLOSED)
		fi
	}
	:: !receivers_wait && !senders_wait -> break
	od;
	locked[c] = false;
	wake();
never_closed:
	skip
}

/* ---- select.c ---- */

#define MAY_SEND(c)    (len(receivers[c]) > 0 || closed[c] ||		\
			(buffered[c] && ring[c] == 0))
#define MAY_RECEIVE(c) (len(senders[c]) > 0 || closed[c] || ring[c] != 0)
#define MAY_PROCEED(k) ((direction[k] == SENDS && MAY_SEND(on[k])) ||	\
			(direction[k] == RECEIVES && MAY_RECEIVE(on[k])))

/* Sets me to one of those that look ready, or to NOBODY. */
inline choose_by_look(s)
{
	if
	:: MAY_PROCEED(2 * s + luck) -> me = 2 * s + luck
	:: !MAY_PROCEED(2 * s + luck) && MAY_PROCEED(2 * s + 1 - luck) ->
		me = 2 * s + 1 - luck
	:: else -> me = NOBODY
	fi
}

/* Sets proceeded. */
inline try_case(me)
{
	moved = false;
	if
	:: direction[me] == SENDS && closed[on[me]]
	:: direction[me] == SENDS && !closed[on[me]] -> chan__put(on[me], me)
	:: else -> chan__get(on[me], me)
	fi;
	proceeded = (moved || closed[on[me]]);
	if
	:: proceeded -> status[me] = (moved -> CHAN_OK : CHAN_CLOSED)
	:: else
	fi
}

inline enqueue_all(s)
{
	alive[s] = true; /* waiter_init() */
	state[s] = WAITING;
	chosen[s] = NOBODY;
	does[s] = SLEEPS;
	enqueue(2 * s);
	enqueue(2 * s + 1)
}

inline await_partner(s)
{
	if
	:: has_deadline[s] = true
	:: skip
	fi;
end_asleep: /* in park(), for ever if judge() finds that right */
	if
	:: awake[s]
	:: has_deadline[s] && !awake[s] ->
		does[s] = RUNS;
		d_step {
			give_up(s);
			if
			:: won -> gave_up = true; chosen[s] = NOBODY
			:: else -> gave_up = (MUTANT == NO_WAIT_FOR_THE_WAKE)
			fi
		}
		gave_up || awake[s] /* park() */
	fi;
	does[s] = RUNS
}

/* One case; the chosen one's channel may be gone. */
inline dequeue_all(s, k)
{
	if
	:: chosen[s] != NOBODY && (on[chosen[s]] == on[k] ||
				   MUTANT == LEFT_BEHIND)
	:: else -> d_step { !locked[on[k]] -> dequeue(k) }
	fi
}

proctype chan_select(byte s)
{
	bool to_wake[SELECTORS], luck, gave_up, chose;
	byte me, first, second; /* channels, in the order of locking */

	/* First attempt: choose_by_look() sees anything, then try_alone(). */
	if
	:: me = 2 * s
	:: me = 2 * s + 1
	:: me = NOBODY
	fi;
	if
	:: me == NOBODY
	:: d_step {
		me != NOBODY && !locked[on[me]] ->
		try_case(me);
		chose = proceeded
	}
	fi;
	if
	:: chose -> wake(); goto over
	:: else
	fi;

	/* Second: lock_all() */
	d_step {
		me = 0;
		first = on[2 * s];
		second = on[2 * s + 1];
		if
		:: first > second && MUTANT != LOCK_IN_ORDER_OF_CASES ->
			first = 0;
			second = 1
		:: else
		fi
	}
	if
	:: first == second
	:: d_step { first != second && !locked[first] -> locked[first] = true }
	fi;
	if
	:: luck = 0
	:: luck = 1
	fi;
	d_step {
		!locked[second] ->
		if
		:: MUTANT == MEETS_ITSELF -> enqueue_all(s)
		:: else
		fi;
		choose_by_look(s);
		do
		:: me != NOBODY && !chose ->
			try_case(me);
			chose = proceeded;
			if
			:: !chose -> choose_by_look(s)
			:: else
			fi
		:: else -> break
		od;
		if
		:: !chose && MUTANT != LATE_ENQUEUE && MUTANT != MEETS_ITSELF ->
			enqueue_all(s)
		:: else
		fi;
		locked[first] = false;
		luck = 0;
		first = 0;
		second = 0
	}
	if
	:: chose -> wake(); goto over
	:: else
	fi;
#if MUTANT == LATE_ENQUEUE
	d_step { enqueue_all(s) };
#endif

	/* Third: wait_for_partner() */
	await_partner(s);
	dequeue_all(s, 2 * s);
	dequeue_all(s, 2 * s + 1);
	d_step {
		me = chosen[s];
		alive[s] = false /* parker_fini() */
	}
over:
	does[s] = RETURNED;
	d_step {
		if
		:: me == NOBODY -> assert(has_deadline[s])
		:: me != NOBODY && status[me] == CHAN_OK ->
			if
			:: direction[me] == SENDS -> went[value[me]]++
			:: else ->
				assert(value[me] != s + 1);
				came[value[me]]++
			fi
		:: else -> assert(status[me] == CHAN_CLOSED && closed[on[me]])
		fi;
		/* What nobody looks at any more is the same in all states. */
		me = 0; chose = false; gave_up = false;
		state[s] = 0; chosen[s] = 0; awake[s] = false;
		has_deadline[s] = false;
		value[2 * s] = 0; value[2 * s + 1] = 0;
		status[2 * s] = 0; status[2 * s + 1] = 0
	}
}

/* ---- The proof ---- */

#define PAIR(k, j) (does[WAITER(j)] == SLEEPS && on[j] == on[k] &&	\
		    direction[j] != direction[k])

/* Nothing moves any more: is it right so? */
proctype judge()
{
	timeout ->
	d_step {
		assert(does[0] != RUNS && does[1] != RUNS);
		/* What was sent has come or is in a ring, once. */
		for (i : 1 .. EARLIER) {
			assert(went[i] == came[i] + (ring[0] == i) +
			       (ring[1] == i))
		}
		for (k : 0 .. CASES - 1) {
			if
			:: does[WAITER(k)] == SLEEPS ->
				i = 2 * (1 - WAITER(k)); /* the other's cases */
				assert(!closed[on[k]]);
				assert(!PAIR(k, i) && !PAIR(k, i + 1));
				assert(ring[on[k]] == 0 || direction[k] == SENDS);
				assert(ring[on[k]] != 0 || !buffered[on[k]] ||
				       direction[k] == RECEIVES)
			:: else
			fi
		}
	}
}

#define PART(s) (on[2 * s] + 2 * on[2 * s + 1] +			\
		 4 * (direction[2 * s] == SENDS) +			\
		 8 * (direction[2 * s + 1] == SENDS))

#define IN_WRONG_ORDER(k) (on[k] == on[k + 1] && direction[k] < direction[k + 1])

init {
	atomic {
		for (k : 0 .. CASES - 1) {
			if
			:: on[k] = 0
			:: k > 0 -> on[k] = 1 /* else the same, mirrored */
			fi;
			if
			:: direction[k] = SENDS; value[k] = WAITER(k) + 1
			:: direction[k] = RECEIVES
			fi
		}
		/* The same with the parts exchanged, or two cases on the same
		 * channel, adds nothing. */
		if
		:: PART(0) > PART(1) || IN_WRONG_ORDER(0) || IN_WRONG_ORDER(2)
			-> goto nothing_new
		:: else
		fi;
		/* One channel buffers a value, and holds one, or neither. */
		if
		:: buffered[0] = true
		:: buffered[1] = true
		:: buffered[0] = true; ring[0] = EARLIER
		:: buffered[1] = true; ring[1] = EARLIER
		:: skip
		fi;
		went[EARLIER] = (ring[0] + ring[1] > 0 -> 1 : 0);
		does[0] = RUNS;
		does[1] = RUNS;
		run judge();
		run chan_select(0);
		run chan_select(1);
		run chan_close()
	}
nothing_new:
	skip
}
