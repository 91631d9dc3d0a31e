// SPDX-License-Identifier: MIT

package main

// Hub owns the set of clients; its goroutine alone touches that.
type hub struct {
	clients    map[*client]struct{}
	register   chan *client
	unregister chan *client
	broadcast  chan []byte
}

func newHub() *hub {
	return &hub{
		clients:    make(map[*client]struct{}),
		register:   make(chan *client),
		unregister: make(chan *client),
		broadcast:  make(chan []byte),
	}
}

// Forget ends a client that is still known: its writer sees the closed queue.
func (h *hub) forget(c *client) {
	if _, known := h.clients[c]; known {
		delete(h.clients, c)
		close(c.send)
	}
}

func (h *hub) run() {
	for {
		select {
		case c := <-h.register:
			h.clients[c] = struct{}{}
		case c := <-h.unregister:
			h.forget(c)
		case text := <-h.broadcast:
			for c := range h.clients {
				select {
				case c.send <- text:
				default: // too slow: it is dropped
					h.forget(c)
				}
			}
		}
	}
}
