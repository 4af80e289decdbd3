package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pageferry/pageferry/ingest"
	"github.com/pageferry/pageferry/ingest/ledger"
)

// outputFlags name the files that a run writes its result to, for others to read.
type outputFlags struct {
	Report  string `placeholder:"FILE" help:"Write the result to a file: a page to read if it ends in .html, else JSON. %s is the site; several configs need it."`
	Metrics string `placeholder:"FILE" help:"Write the figures for Prometheus' textfile collector. %s is the site; several configs need it."`
}

// sitePlaceholder stands in the name of a file for the site.
const sitePlaceholder = "%s"

// check refuses, before anything is begun, files that cannot be meant.
func (o outputFlags) check(sites int) error {
	for _, f := range []struct{ flag, file string }{{"--report", o.Report}, {"--metrics", o.Metrics}} {
		if f.file == "" {
			continue
		}
		if sites > 1 && !strings.Contains(f.file, sitePlaceholder) {
			return fmt.Errorf("%s %s: each of the %d configs would write the same file; put %%s, which is the site, into its name", f.flag, f.file, sites)
		}
		dir := filepath.Dir(f.file)
		if strings.Contains(dir, sitePlaceholder) {
			continue // it may be there for each site
		}
		switch info, err := os.Stat(dir); {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s %s: the directory %s does not exist; make it first", f.flag, f.file, dir)
		case err == nil && !info.IsDir():
			return fmt.Errorf("%s %s: %s is no directory", f.flag, f.file, dir)
		}
	}
	return nil
}

// write writes the files for one result. The caller holds the site's lock: a run that finds it held, or whose config cannot
// be read, leaves the files as they are.
func (o outputFlags) write(ctx context.Context, res ingest.Result, from source) error {
	if o.Report == "" && o.Metrics == "" {
		return nil
	}
	p, err := readPast(ctx, from, res)
	errs := []error{err}
	if o.Metrics != "" {
		file := strings.ReplaceAll(o.Metrics, sitePlaceholder, res.Site)
		errs = append(errs, replaceFile(file, func(w io.Writer) error { return writeMetrics(w, res, p, time.Now()) }))
	}
	if o.Report != "" {
		file := strings.ReplaceAll(o.Report, sitePlaceholder, res.Site)
		errs = append(errs, replaceFile(file, func(w io.Writer) error {
			if strings.EqualFold(filepath.Ext(file), ".html") {
				return writeReport(w, res, p, from)
			}
			enc := json.NewEncoder(w)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			return enc.Encode(res)
		}))
	}
	return errors.Join(errs...)
}

// replaceFile writes a file under another name and renames it when it is whole: who reads it meanwhile sees the old one.
// Others may read it, as the collector of the metrics does under its own user.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// source is where a result comes from.
type source struct {
	config string // path of the config file, as it was given
	ledger string // path of the ledger
	kind   string // of destination: sandbox or intercom
	plan   string // the plan that was delivered, which --accept does not go with; empty: none was
}

// past is what the ledger knows beside the result of its last run.
type past struct {
	ledger.Lately
	runs []ledger.RunInfo // to the destination of the result, the latest first

	created, updated, takenOut []ledger.Change // by this run; the first of each
}

// Limits of what is read for a report.
const (
	reportRuns  = 30   // as many as keep their outcomes
	reportPages = 1000 // of each kind
)

// readPast reads the ledger; a site without one has no past.
func readPast(ctx context.Context, from source, res ingest.Result) (p past, err error) {
	if _, err := os.Stat(from.ledger); errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	l, err := ledger.OpenReadOnly(ctx, from.ledger)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if p.Lately, err = l.Lately(ctx, from.kind); err != nil || res.Run == 0 {
		return p, err
	}
	all, err := l.Runs(ctx, 4*reportRuns) // trials go to other destinations
	if err != nil {
		return p, err
	}
	var here int64
	for _, r := range all {
		if r.ID == res.Run {
			here = r.Destination.ID
		}
		if r.ID <= res.Run && r.Destination.ID == here && len(p.runs) < reportRuns {
			p.runs = append(p.runs, r)
		}
	}
	if p.created, err = l.Delivered(ctx, res.Run, ingest.Created, reportPages); err != nil {
		return p, err
	}
	if p.updated, err = l.Delivered(ctx, res.Run, ingest.Updated, reportPages); err != nil {
		return p, err
	}
	p.takenOut, err = l.TakenOut(ctx, res.Run, reportPages)
	return p, err
}
