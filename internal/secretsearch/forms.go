package secretsearch

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// AddPEM adds a private key: PKCS #8, SEC 1 or PKCS #1.
func (s *Searcher) AddPEM(name string, text []byte) error {
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("adding %s: it is not in PEM form", name)
	}
	key, err := parse(block.Bytes)
	if err != nil {
		return fmt.Errorf("adding %s: %w", name, err)
	}
	return s.AddKey(name, key)
}

func parse(der []byte) (any, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return x509.ParsePKCS1PrivateKey(der)
}

// AddKey adds a private key: ECDSA, RSA or Ed25519.
func (s *Searcher) AddKey(name string, key any) error {
	var pieces [][]byte
	var ders [][]byte
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		d, err := key.Bytes()
		if err != nil {
			return fmt.Errorf("adding %s: %w", name, err)
		}
		sec1, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			return fmt.Errorf("adding %s: %w", name, err)
		}
		pieces, ders = append(pieces, d), append(ders, sec1)
	case *rsa.PrivateKey:
		key.Precompute()
		for _, n := range append([]*big.Int{key.D, key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv}, key.Primes...) {
			pieces = append(pieces, n.Bytes())
		}
		ders = append(ders, x509.MarshalPKCS1PrivateKey(key))
	case ed25519.PrivateKey:
		pieces = append(pieces, key.Seed())
	default:
		return fmt.Errorf("adding %s: %T is no private key", name, key)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("adding %s: %w", name, err)
	}
	s.names = append(s.names, name)
	for _, piece := range pieces {
		s.add(name, piece)
	}
	// Whoever encodes the whole PEM file encodes base64 once more.
	for _, der := range append(ders, pkcs8) {
		text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		for _, piece := range s.secretParts(text) {
			s.addEncoded(name, "PEM", piece)
		}
	}
	return nil
}

// AddBytes adds any other secret, such as an HMAC key. Its bytes are to be
// random, because what is not occurs elsewhere too.
func (s *Searcher) AddBytes(name string, value []byte) error {
	if len(value) < window {
		return errors.New("adding " + name + ": it is too short to be told from what is no secret")
	}
	s.names = append(s.names, name)
	s.add(name, value)
	// What is handed about is its base64 form.
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		s.addEncoded(name, "base64", []byte(encoding.EncodeToString(value)))
	}
	return nil
}

// add adds the forms of a piece that is secret as a whole.
func (s *Searcher) add(name string, piece []byte) {
	s.addForm(name, "bytes", string(piece))
	s.addEncoded(name, "", piece)
	s.addForm(name, "decimal number", new(big.Int).SetBytes(piece).String())
	for _, separator := range []string{" ", ",", ", "} {
		s.addForm(name, "decimal bytes", joined(piece, separator, func(b byte) string { return strconv.Itoa(int(b)) }))
	}
	for _, separator := range []string{" ", ":", ", 0x"} {
		spaced := joined(piece, separator, func(b byte) string { return hex.EncodeToString([]byte{b}) })
		s.addForm(name, "hex bytes", spaced)
		s.addForm(name, "hex bytes", strings.ToUpper(spaced))
	}
	quoted := strconv.QuoteToASCII(string(piece))
	s.addForm(name, "quoted bytes", quoted[1:len(quoted)-1])
}

// addEncoded adds what encoders make of a piece, wherever it lies within what
// they encode.
func (s *Searcher) addEncoded(name, of string, piece []byte) {
	form := func(encoding string) string {
		if of == "" {
			return encoding
		}
		return encoding + " of " + of
	}
	s.addForm(name, form("hex"), hex.EncodeToString(piece))
	s.addForm(name, form("hex"), strings.ToUpper(hex.EncodeToString(piece)))
	for before := range 3 {
		// The characters that depend on the bytes around it are left out.
		shifted := append(make([]byte, before), piece...)
		from, to := (8*before+5)/6, 8*len(shifted)/6
		s.addForm(name, form("base64"), base64.RawStdEncoding.EncodeToString(shifted)[from:to])
		s.addForm(name, form("base64url"), base64.RawURLEncoding.EncodeToString(shifted)[from:to])
	}
}

// addForm adds all windows of a form. Those of few different characters, such
// as of a number's leading zeros, would be found everywhere.
func (s *Searcher) addForm(name, form, text string) {
	if s.windows == nil {
		s.windows = map[[window]byte]label{}
	}
	for i := 0; i+window <= len(text); i++ {
		w := [window]byte([]byte(text[i : i+window]))
		if _, ok := s.windows[w]; !ok && variety(w) >= 5 {
			s.windows[w] = label{name, form}
			s.starts[int(w[0])<<8|int(w[1])] = true
		}
	}
}

func variety(w [window]byte) int {
	var seen [256]bool
	n := 0
	for _, b := range w {
		if !seen[b] {
			seen[b] = true
			n++
		}
	}
	return n
}

// secretParts are the parts of a PEM text in which the known secrets lie.
func (s *Searcher) secretParts(text []byte) [][]byte {
	var parts [][]byte
	from, to := 0, 0 // of the part that is growing
	for i := 0; i+window <= len(text); i++ {
		if _, ok := s.windows[[window]byte(text[i:i+window])]; !ok {
			continue
		}
		if i > to+window { // beyond the end of a line
			if to > from {
				parts = append(parts, text[from:to])
			}
			from = i
		}
		to = i + window
	}
	if to > from {
		parts = append(parts, text[from:to])
	}
	return parts
}

func joined(piece []byte, separator string, form func(byte) string) string {
	texts := make([]string, len(piece))
	for i, b := range piece {
		texts[i] = form(b)
	}
	return strings.Join(texts, separator)
}
