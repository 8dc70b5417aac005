package server

import (
	"net"
	"syscall"
)

// maxUnsent is how many bytes the kernel takes for a client beyond those that
// are on their way. It would take megabytes, and then no more until a good part
// of them has gone: of a client on a slow line, which takes bytes all the time,
// nobody could tell that it does. This much keeps a fast line busy.
const maxUnsent = 128 << 10

// tcpNotSentLowat is TCP_NOTSENT_LOWAT of Linux's include/uapi/linux/tcp.h;
// package syscall does not have it.
const tcpNotSentLowat = 25

// limitUnsent sets maxUnsent, which a connection does not take over from its
// listener. One of a kernel that does not know of it is as good, but for slow
// clients.
func limitUnsent(c net.Conn) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLowat, maxUnsent)
	})
}
