package intercom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// maxPooled is the largest buffer that is kept for the next request.
const maxPooled = 1 << 20

// payload is one encoded request body. It is read once a try.
type payload struct {
	buf  bytes.Buffer
	open atomic.Int32 // readers that the transport has not closed
}

// payloads lends payloads.
type payloads struct{ pool sync.Pool }

// encode returns v as JSON, with <, > and & as they are: escaping them makes HTML half as long again. A nil v is an
// empty body: nil.
func (s *payloads) encode(v any) (*payload, error) {
	if v == nil {
		return nil, nil
	}
	p, _ := s.pool.Get().(*payload)
	if p == nil {
		p = new(payload)
	}
	enc := json.NewEncoder(&p.buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	p.buf.Truncate(p.buf.Len() - 1) // Encode ends with a new line
	return p, nil
}

// recycle takes a payload back, unless the transport still holds it: it may, after a request that failed.
func (s *payloads) recycle(p *payload) {
	if p == nil || p.open.Load() != 0 || p.buf.Cap() > maxPooled {
		return
	}
	p.buf.Reset()
	s.pool.Put(p)
}

// reader returns the body for one try.
func (p *payload) reader() io.ReadCloser {
	p.open.Add(1)
	return &payloadReader{payload: p, rest: p.buf.Bytes()}
}

// payloadReader reads nothing once it is closed, so that the buffer can serve the next request.
type payloadReader struct {
	mu      sync.Mutex
	payload *payload // nil: closed
	rest    []byte
}

// Read implements io.Reader.
func (r *payloadReader) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.payload == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close implements io.Closer. It may be called more than once.
func (r *payloadReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.payload != nil {
		r.payload.open.Add(-1)
		r.payload, r.rest = nil, nil
	}
	return nil
}

// readLimited reads all of r; ErrTooLarge if there is more than limit bytes.
func readLimited(r io.Reader, size, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	if size > 0 && size <= limit {
		buf.Grow(int(size) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return buf.Bytes(), err
	}
	if n > limit {
		return buf.Bytes()[:limit], fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return buf.Bytes(), nil
}
