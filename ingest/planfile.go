package ingest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// WriteJSON writes the plan as one JSON object on one line, its items last and each with its diff. Only one diff is in
// memory at a time: there may be as many as the site has pages.
func (p *Plan) WriteJSON(ctx context.Context, w io.Writer) error {
	head, err := marshal(p)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	b.Write(head[:len(head)-1]) // an error of a bufio.Writer stays until Flush
	b.WriteString(`,"items":[`)
	for i, it := range p.Items {
		if it.Diff, err = p.Diff(ctx, it); err != nil {
			return err
		}
		line, err := marshal(it)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(line)
	}
	b.WriteString("]}\n")
	return b.Flush()
}

// marshal encodes without escaping what only HTML needs.
func marshal(v any) ([]byte, error) {
	var b jsonLine
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode the plan: %w", err)
	}
	return b[:len(b)-1], nil // without the new line
}

type jsonLine []byte

// Write implements io.Writer.
func (l *jsonLine) Write(b []byte) (int, error) {
	*l = append(*l, b...)
	return len(b), nil
}

// ReadPlan reads what WriteJSON wrote, item by item. The diffs are left out.
func ReadPlan(r io.Reader) (*Plan, error) {
	dec := json.NewDecoder(r)
	if err := expect(dec, json.Delim('{')); err != nil {
		return nil, notAPlan(err)
	}
	p := &Plan{}
	head := map[string]json.RawMessage{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, notAPlan(err)
		}
		name, _ := key.(string)
		if name == "items" {
			err = p.readItems(dec)
		} else {
			var value json.RawMessage
			err = dec.Decode(&value)
			head[name] = value
		}
		if err != nil {
			return nil, notAPlan(err)
		}
	}
	if err := expect(dec, json.Delim('}')); err != nil {
		return nil, notAPlan(err)
	}
	b, err := json.Marshal(head)
	if err != nil {
		return nil, notAPlan(err)
	}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, notAPlan(err)
	}
	switch {
	case p.Version == 0:
		return nil, notAPlan(errors.New("it has no plan_version"))
	case p.Version > planVersion:
		return nil, fmt.Errorf("the plan was made by a newer version of pageferry (plan_version %d, this one knows %d)", p.Version, planVersion)
	}
	return p, nil
}

func notAPlan(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("it is not a plan of `pageferry plan -o`, or not a whole one: %w", err)
}

func (p *Plan) readItems(dec *json.Decoder) error {
	if err := expect(dec, json.Delim('[')); err != nil {
		return err
	}
	for dec.More() {
		var it PlanItem
		if err := dec.Decode(&it); err != nil {
			return err
		}
		it.Diff = ""
		p.Items = append(p.Items, it)
	}
	return expect(dec, json.Delim(']'))
}

func expect(dec *json.Decoder, want json.Delim) error {
	got, err := dec.Token()
	if err == nil && got != want {
		err = fmt.Errorf("%v instead of %v", got, want)
	}
	return err
}
