// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"time"

	"github.com/gorilla/websocket"
)

const (
	limit     = 512              // bytes a message
	queue     = 256              // messages that may wait for a client
	writeWait = 10 * time.Second // for one write
	pongWait  = 60 * time.Second // of silence
	pingEvery = 54 * time.Second // must be less than pongWait
)

// Client stands between a connection and the hub.
type client struct {
	hub  *hub
	conn *websocket.Conn
	send chan []byte // closed by the hub
}

// ReadPump passes on what the peer says; it is the only reader of conn.
func (c *client) readPump() {
	defer c.conn.Close()
	defer func() { c.hub.unregister <- c }()

	heard := func(string) error {
		return c.conn.SetReadDeadline(time.Now().Add(pongWait))
	}
	c.conn.SetReadLimit(limit)
	c.conn.SetPongHandler(heard)
	heard("")
	for {
		_, text, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		text = bytes.ReplaceAll(text, []byte{'\n'}, []byte{' '})
		c.hub.broadcast <- bytes.TrimSpace(text)
	}
}

// WritePump writes what the hub sends; it is the only writer of conn.
func (c *client) writePump() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	defer c.conn.Close()

	for {
		select {
		case text, open := <-c.send:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if !open {
				c.conn.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			if c.write(text) != nil {
				return
			}
		case <-ping.C:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if c.conn.WriteMessage(websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}

// Write sends a text, and all that waits behind it, as one message in which
// newlines stand between them.
func (c *client) write(text []byte) error {
	w, err := c.conn.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	w.Write(text)
	for more := len(c.send); more > 0; more-- {
		w.Write([]byte{'\n'})
		w.Write(<-c.send)
	}
	return w.Close()
}
