package certbot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// errTorn tells that the certificate is in force, but not for all readers.
var errTorn = errors.New("the pointer and the version that it names are right, but " + BundleObject + ", " + KeyObject + " or " + CertificateObject + " are still of the previous one, or of both; the next run repairs that")

// publish puts a pair in force. It writes only what is not there yet, so it
// also repairs what a run that died left behind.
//
// The version comes first, then the pointer, so that the pointer never names
// what is not there. The pointer is written only if it is still the one that
// was read: of two runs at once, one fails here and has changed nothing that
// anybody reads. Then comes the bundle, which is whole by itself. The last two
// are not written as one: a reader may see the new key beside the old
// certificate for a moment. The key goes first, so that whoever waits for a new
// certificate finds its key there.
//
// Once the pointer names the pair, publish answers it, even with an error,
// which then is errTorn.
func (s *shelf) publish(ctx context.Context, p pair, from origin) (*Stored, error) {
	return s.publishOver(ctx, p, from, s.pointer)
}

// publishOver is publish with the history of another pointer.
func (s *shelf) publishOver(ctx context.Context, p pair, from origin, history *Pointer) (*Stored, error) {
	key, err := p.keyPEM()
	if err != nil {
		return nil, err
	}
	t := texts{key, p.chainPEM()}
	pointer := newPointer(s.prefix, p, t, from, history)
	if err := s.putVersion(ctx, pointer.Version, t, from); err != nil {
		return nil, err
	}
	if err := s.putPointer(ctx, pointer); err != nil {
		return nil, err
	}
	s.have = s.placed(&held{pair: p, origin: from})
	err = s.put(ctx, BundleObject, t.bundle(), from)
	if err == nil {
		err = s.put(ctx, KeyObject, t.key, origin{})
	}
	if err == nil {
		err = s.put(ctx, CertificateObject, t.chain, from)
	}
	s.have = s.placed(s.have)
	if err != nil {
		err = fmt.Errorf("%w; %w", err, errTorn)
	}
	return s.have.stored(), err
}

// putVersion writes a version's objects, the certificate last: a version
// without one is none.
func (s *shelf) putVersion(ctx context.Context, version string, t texts, from origin) error {
	if err := s.put(ctx, VersionsPrefix+version+"/"+KeyObject, t.key, origin{}); err != nil {
		return err
	}
	return s.put(ctx, VersionsPrefix+version+"/"+CertificateObject, t.chain, from)
}

// put writes an object unless it is there already.
func (s *shelf) put(ctx context.Context, name string, body []byte, from origin) error {
	if s.has(name, body) {
		return nil
	}
	version, err := putObject(ctx, s.api, s.bucket, s.prefix+name, pemType, body, from.metadata())
	if err != nil {
		return err
	}
	s.objects[name] = &object{body: body, metadata: from.metadata(), version: version}
	return nil
}

// putPointer writes the pointer if it is still the one that was read.
func (s *shelf) putPointer(ctx context.Context, pointer Pointer) error {
	body, err := pointer.text()
	if err != nil {
		return err
	}
	old := s.objects[PointerObject]
	if old == nil || !bytes.Equal(old.body, body) {
		written, err := replaceObject(ctx, s.api, s.bucket, s.prefix+PointerObject, body, old)
		if errors.Is(err, errChanged) {
			return fmt.Errorf("%w, and what that one stored stays", err)
		}
		if err != nil {
			return err
		}
		s.objects[PointerObject] = written
	}
	s.pointer = &pointer
	return nil
}

// whole tells whether every object of the pair in force is there and is of that
// pair: then publish would write nothing.
func (s *shelf) whole() (bool, error) {
	if s.have.stored() == nil {
		return true, nil
	}
	key, err := s.have.keyPEM()
	if err != nil {
		return false, err
	}
	t := texts{key, s.have.chainPEM()}
	pointer := newPointer(s.prefix, s.have.pair, t, s.have.origin, s.pointer)
	body, err := pointer.text()
	if err != nil {
		return false, err
	}
	version := VersionsPrefix + pointer.Version + "/"
	return s.has(version+KeyObject, t.key) && s.has(version+CertificateObject, t.chain) && s.has(PointerObject, body) &&
		s.has(BundleObject, t.bundle()) && s.has(KeyObject, t.key) && s.has(CertificateObject, t.chain), nil
}

// has tells whether an object is there with this content.
func (s *shelf) has(name string, body []byte) bool {
	o := s.objects[name]
	return o != nil && bytes.Equal(o.body, body)
}

// mend writes what is missing of the pair in force, or is of another one: what
// a run that died left undone, or all but the two objects of old.
func (r *run) mend(ctx context.Context, log *slog.Logger, s *shelf, status *Status) error {
	if s.have.stored() == nil {
		return nil
	}
	before := len(s.objects)
	stored, err := s.publish(ctx, s.have.pair, s.have.origin)
	if stored != nil {
		status.Stored = stored
	}
	if err == nil && len(s.objects) != before {
		log.InfoContext(ctx, "objects of the certificate were missing and are written", "version", stored.Serial)
	}
	return err
}
