package imagetest

import (
	"bytes"
	"encoding/binary"
	"syscall"
)

// loopbackUp starts the loopback interface of a new network namespace, which
// is down at first: by the message that "ip link set lo up" sends.
func loopbackUp() error {
	socket, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer func() { _ = syscall.Close(socket) }()
	var message bytes.Buffer
	for _, part := range []any{
		syscall.NlMsghdr{
			Len: syscall.SizeofNlMsghdr + syscall.SizeofIfInfomsg, Type: syscall.RTM_NEWLINK,
			Flags: syscall.NLM_F_REQUEST | syscall.NLM_F_ACK, Seq: 1,
		},
		// Its index is 1 in each namespace.
		syscall.IfInfomsg{Family: syscall.AF_UNSPEC, Index: 1, Flags: syscall.IFF_UP, Change: syscall.IFF_UP},
	} {
		if err := binary.Write(&message, binary.NativeEndian, part); err != nil {
			return err
		}
	}
	if err := syscall.Sendto(socket, message.Bytes(), 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := syscall.Recvfrom(socket, answer, 0)
	if err != nil {
		return err
	}
	messages, err := syscall.ParseNetlinkMessage(answer[:n])
	if err != nil {
		return err
	}
	for _, m := range messages {
		if m.Header.Type == syscall.NLMSG_ERROR && len(m.Data) >= 4 {
			if code := int32(binary.NativeEndian.Uint32(m.Data)); code != 0 {
				return syscall.Errno(-code)
			}
		}
	}
	return nil
}
