package certbot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
)

// shelf is a certificate's place in the bucket: what lies there, and what is
// written there.
type shelf struct {
	api            S3
	bucket, prefix string
	// objects are those that lie there, by their keys below the prefix.
	objects map[string]*object
	// pointer is nil where there is none that can be read.
	pointer *Pointer
	// have is what a reader would use; nil if there is nothing.
	have *held
}

// readShelf reads all that lies there of the version in force.
func readShelf(ctx context.Context, api S3, bucket, prefix string) (*shelf, error) {
	s := &shelf{api: api, bucket: bucket, prefix: prefix, objects: map[string]*object{}}
	if err := s.read(ctx, PointerObject, KeyObject, CertificateObject, BundleObject); err != nil {
		return nil, err
	}
	if o := s.objects[PointerObject]; o != nil {
		var pointer Pointer
		if json.Unmarshal(o.body, &pointer) == nil && pointer.Version != "" {
			s.pointer = &pointer
		}
	}
	if s.pointer != nil {
		// The version's place follows from its name: what stands in the
		// pointer is for readers.
		if err := s.read(ctx, s.version(KeyObject), s.version(CertificateObject)); err != nil {
			return nil, err
		}
	}
	s.have = s.choose()
	return s, nil
}

func (s *shelf) version(name string) string { return VersionsPrefix + s.pointer.Version + "/" + name }

func (s *shelf) read(ctx context.Context, names ...string) error {
	for _, name := range names {
		o, err := getObject(ctx, s.api, s.bucket, s.prefix+name)
		if err != nil {
			return err
		}
		if o != nil {
			s.objects[name] = o
		}
	}
	return nil
}

// texts are two objects of the shelf; false if one is missing.
func (s *shelf) texts(key, chain string) (texts, bool) {
	k, c := s.objects[key], s.objects[chain]
	if k == nil || c == nil {
		return texts{}, false
	}
	return texts{k.body, c.body}, true
}

// choose answers the pair in force: the version that the pointer means, from
// whichever copy of it is whole. Without a pointer it is the two objects that
// there were before there were versions.
func (s *shelf) choose() *held {
	plain, complete := s.texts(KeyObject, CertificateObject)
	if s.pointer == nil {
		if !complete {
			return nil
		}
		h := &held{origin: originOf(s.objects[CertificateObject].metadata)}
		h.pair, h.broken = parsePair(plain.key, plain.chain)
		return s.placed(h)
	}
	h := &held{
		origin: origin{directory: s.pointer.DirectoryURL, profile: s.pointer.Profile, preferred: s.pointer.PreferredChain, account: s.pointer.AccountURI},
		broken: errors.New("no object in the bucket is the one that " + s.prefix + PointerObject + " means"),
	}
	copies := []texts{plain}
	if t, ok := s.texts(s.version(KeyObject), s.version(CertificateObject)); ok {
		copies = append([]texts{t}, copies...)
	}
	if o := s.objects[BundleObject]; o != nil {
		copies = append(copies, splitBundle(o.body))
	}
	for _, t := range copies {
		if s.pointer.names(t) {
			h.pair, h.broken = parsePair(t.key, t.chain)
			break
		}
	}
	return s.placed(h)
}

// placed adds where the objects of old lie.
func (s *shelf) placed(h *held) *held {
	if o := s.objects[KeyObject]; o != nil {
		h.keyVersion = o.version
	}
	if o := s.objects[CertificateObject]; o != nil {
		h.chainVersion = o.version
	}
	return h
}

// bundle is a version as one object, the key first.
func (t texts) bundle() []byte { return append(bytes.Clone(t.key), t.chain...) }

func splitBundle(text []byte) texts {
	at := bytes.Index(text, []byte("-----BEGIN CERTIFICATE-----"))
	if at < 0 {
		return texts{}
	}
	return texts{text[:at], text[at:]}
}
