package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
)

// Mode is the mode of a file that holds a private key.
type Mode fs.FileMode

// String is the mode as chmod takes it.
func (m *Mode) String() string { return fmt.Sprintf("%#o", uint32(*m)) }

// Set takes a mode with which the owner can read, and nobody but the owner can
// write.
func (m *Mode) Set(text string) error {
	mode, err := strconv.ParseUint(text, 8, 32)
	if err != nil || mode&^0o644 != 0 || mode&0o400 == 0 {
		return errors.New("it must be such as 0600, 0640 or 0644")
	}
	*m = Mode(mode)
	return nil
}
