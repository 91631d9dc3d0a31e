// SPDX-License-Identifier: MIT

// Gochat is the program that chatd is measured against: a chat with the same
// shape (a hub, and two goroutines a client that talk to it through channels)
// and the same limits, on Go's net/http and the gorilla websocket library.
// It has what a benchmark needs and nothing else.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/gorilla/websocket"
)

// The buffers are the sizes that chats of this shape are usually given.
var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()

	h := newHub()
	go h.run()

	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // the upgrader has answered
		}
		c := &client{hub: h, conn: conn, send: make(chan []byte, queue)}
		h.register <- c
		go c.readPump()
		go c.writePump()
	})

	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", l.Addr())
	log.Fatal(http.Serve(l, nil))
}
