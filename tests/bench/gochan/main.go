// SPDX-License-Identifier: MIT

// Gochan measures Go's channels by the loops of chan_bench.c, under the same
// names and with the same output.
package main

import (
	"flag"
	"fmt"
	"runtime"
	"time"
)

const (
	capacity = 128
	senders  = 4
)

// A send and a receive.
func uncontended(n int) {
	c := make(chan int, capacity)
	for i := 0; i < n; i++ {
		c <- i
		if <-c != i {
			panic("another value")
		}
	}
}

// A select over three channels that hold something, and a send which puts
// that back.
func selectReady(n int) {
	a, b, c := make(chan int, capacity), make(chan int, capacity),
		make(chan int, capacity)
	a <- 1
	b <- 1
	c <- 1
	for i := 0; i < n; i++ {
		select {
		case v := <-a:
			a <- v
		case v := <-b:
			b <- v
		case v := <-c:
			c <- v
		}
	}
}

func tryEmpty(n int) {
	c := make(chan int, capacity)
	for i := 0; i < n; i++ {
		select {
		case <-c:
			panic("nobody has sent")
		default:
		}
	}
}

func tryFull(n int) {
	c := make(chan int, 1)
	c <- 0
	for i := 0; i < n; i++ {
		select {
		case c <- i:
			panic("there is no room")
		default:
		}
	}
}

func manyToOne(count, n int) {
	c := make(chan int, capacity)
	each := n/count + 1
	for i := 0; i < count; i++ {
		go func() {
			for i := 0; i < each; i++ {
				c <- i
			}
		}()
	}
	for i := 0; i < each*count; i++ {
		<-c
	}
}

func oneToOne(n int)  { manyToOne(1, n) }
func fourToOne(n int) { manyToOne(senders, n) }

// With bound, each of the two goroutines has a thread for itself, as all have
// in C.
func play(n int, bound bool) {
	there, back := make(chan int), make(chan int)
	bind := func() {
		if bound {
			runtime.LockOSThread()
		}
	}
	go func() {
		bind()
		for i := 0; i < n; i++ {
			back <- <-there
		}
	}()
	done := make(chan bool)
	go func() {
		bind()
		for i := 0; i < n; i++ {
			there <- i
			if <-back != i {
				panic("another value")
			}
		}
		close(done)
	}()
	<-done
}

func pingPong(n int)       { play(n, false) }
func pingPongLocked(n int) { play(n, true) }

var loops = []struct {
	name string
	run  func(n int)
}{
	{"uncontended", uncontended},
	{"select", selectReady},
	{"try-empty", tryEmpty},
	{"try-full", tryFull},
	{"1:1", oneToOne},
	{"4:1", fourToOne},
	{"ping-pong", pingPong},
	{"ping-pong-locked", pingPongLocked},
}

// measure runs it ever longer until it takes a fifth of the time, then for all
// of it.
func measure(run func(int), wanted time.Duration) float64 {
	for n := 16; ; {
		begin := time.Now()
		run(n)
		took := time.Since(begin) + 1
		switch {
		case took >= wanted/2:
			return float64(took.Nanoseconds()) / float64(n)
		case took >= wanted/5:
			n = int(float64(n) * float64(wanted) / float64(took))
		case took >= wanted/50:
			n *= 2
		default:
			n *= 8
		}
	}
}

func isWanted(name string) bool {
	for _, wanted := range flag.Args() {
		if name == wanted {
			return true
		}
	}
	return flag.NArg() == 0
}

func main() {
	ms := flag.Int("time", 200, "milliseconds that a loop should take")
	flag.Parse()
	for _, l := range loops {
		if isWanted(l.name) {
			fmt.Printf("%s %.2f\n", l.name,
				measure(l.run, time.Duration(*ms)*time.Millisecond))
		}
	}
}
