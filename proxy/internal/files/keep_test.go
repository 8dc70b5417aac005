package files

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// kept is a keeper's world: when it applied and tidied, since its start.
type kept struct {
	mu              sync.Mutex
	began           time.Time
	applied, tidied []time.Duration
	err             error
	changed         chan struct{}
}

func keeping(t *testing.T, err error) *kept {
	k := &kept{began: time.Now(), err: err, changed: make(chan struct{}, 1)}
	go keeper{
		apply: func(context.Context) error {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.applied = append(k.applied, time.Since(k.began))
			return k.err
		},
		tidy: func() error {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.tidied = append(k.tidied, time.Since(k.began))
			return nil
		},
		log: (&record{}).logger(),
	}.keep(t.Context(), k.changed)
	return k
}

// told answers what was done since it was last asked.
func (k *kept) told() (applied, tidied []time.Duration) {
	synctest.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	applied, tidied = k.applied, k.tidied
	k.applied, k.tidied, k.began = nil, nil, time.Now()
	return applied, tidied
}

func (k *kept) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

func seconds(s ...int) []time.Duration {
	var all []time.Duration
	for _, n := range s {
		all = append(all, time.Duration(n)*time.Second)
	}
	return all
}

// What succeeds is done once for each change, and tidied up a minute after.
func TestKeepSucceeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := keeping(t, nil)
		time.Sleep(24 * time.Hour)
		if applied, tidied := k.told(); !slices.Equal(applied, seconds(0)) || !slices.Equal(tidied, seconds(60)) {
			t.Errorf("at first it applied at %v, tidied at %v", applied, tidied)
		}
		k.changed <- struct{}{}
		time.Sleep(50 * time.Second)
		k.changed <- struct{}{}
		time.Sleep(time.Hour)
		if applied, tidied := k.told(); !slices.Equal(applied, seconds(0, 50)) || !slices.Equal(tidied, seconds(110)) {
			t.Errorf("at changes it applied at %v, tidied at %v", applied, tidied)
		}
	})
}

// What fails is done again, after ever longer pauses, until it succeeds.
func TestKeepTriesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := keeping(t, errors.New("no"))
		time.Sleep(21 * time.Minute)
		applied, tidied := k.told()
		if want := seconds(0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111); !slices.Equal(applied, want) || len(tidied) > 0 {
			t.Errorf("failing, it applied at %v, tidied at %v", applied, tidied)
		}
		// A change does not wait for the pause, and what it starts is as patient
		// as before.
		time.Sleep(10 * time.Second)
		k.changed <- struct{}{}
		time.Sleep(20 * time.Second)
		if applied, _ := k.told(); !slices.Equal(applied, seconds(10, 11, 13, 17, 25)) {
			t.Errorf("after a change it applied at %v", applied)
		}
		k.fail(nil)
		time.Sleep(time.Hour)
		if applied, tidied := k.told(); len(applied) != 1 || len(tidied) != 1 || tidied[0] != applied[0]+stay {
			t.Errorf("when it can it applied at %v, tidied at %v", applied, tidied)
		}
		k.fail(errors.New("no"))
		k.changed <- struct{}{}
		time.Sleep(2 * time.Second)
		if applied, _ := k.told(); !slices.Equal(applied, seconds(0, 1)) {
			t.Errorf("after a success it begins with long pauses: %v", applied)
		}
	})
}
