package h3s_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"h3s"
)

// A library of another ABI version stands before the real one.
func TestAnotherABIVersionIsRefusedAtStart(t *testing.T) {
	if os.Getenv("H3S_TEST_WRONG_LIBRARY") != "" {
		_, err := h3s.New(h3s.Options{Password: password})
		if !errors.Is(err, h3s.ErrLibrary) || !strings.Contains(err.Error(), "ABI version 77; this package needs 0") {
			t.Error(err)
		}
		return
	}
	folder := t.TempDir()
	source, library := filepath.Join(folder, "wrong.c"), filepath.Join(folder, "wrong.so")
	check(t, os.WriteFile(source, []byte("unsigned h3s_abi_version(void) { return 77; }\n"), 0o600))
	run(t, folder, nil, "cc", "-shared", "-fPIC", "-o", library, source)
	run(t, ".", []string{"LD_PRELOAD=" + library, "H3S_TEST_WRONG_LIBRARY=1"}, must(os.Executable()), "-test.run=^"+t.Name()+"$")
}

// What README.md says, done in a module of its own, as a user would.
func TestTheReadmeIsTrue(t *testing.T) {
	folder := t.TempDir()
	checkout := must(filepath.Abs("../.."))
	check(t, os.Symlink(checkout, filepath.Join(folder, "libh3s")))
	app := filepath.Join(folder, "app")
	check(t, os.Mkdir(app, 0o700))
	check(t, os.WriteFile(filepath.Join(app, "go.mod"), []byte("module example.com/app\n\ngo 1.25.0\n"), 0o600))

	programs, commands := 0, 0
	for _, block := range blocks(string(must(os.ReadFile("README.md")))) {
		switch block.language {
		case "sh":
			for _, command := range strings.Split(strings.TrimSpace(block.text), "\n") {
				commands++
				run(t, app, nil, "bash", "-c", command)
			}
		case "go":
			programs++
			check(t, os.WriteFile(filepath.Join(app, "main.go"), []byte(block.text), 0o600))
			run(t, app, nil, "go", "vet", ".")
			run(t, app, nil, "go", "build", "-o", "app", ".")
		case "json":
			options, err := h3s.OptionsFromJSON([]byte(block.text))
			check(t, err)
			_, err = h3s.New(options)
			check(t, err)
		default:
			t.Error("a block that nobody tests:", block.language)
		}
	}
	if programs == 0 || commands == 0 {
		t.Error("what does it show?")
	}
}

func TestAStaticallyLinkedProgramStandsAlone(t *testing.T) {
	program := filepath.Join(t.TempDir(), "alone.test")
	run(t, ".", nil, "go", "test", "-tags", "h3s_static", "-c", "-o", program, ".")
	for name, wanted := range map[string]bool{program: false, must(os.Executable()): true} {
		if needed := strings.Contains(run(t, ".", nil, "readelf", "--dynamic", name), "libh3s.so"); needed != wanted {
			t.Errorf("%s needs libh3s.so: %t", filepath.Base(name), needed)
		}
	}
	run(t, ".", nil, program, "-test.run=^(TestASession|TestVectors|Example)")
}

type block struct{ language, text string }

// blocks are the fenced ones of a Markdown text.
func blocks(text string) (found []block) {
	for {
		_, rest, ok := strings.Cut(text, "\n```")
		if !ok {
			return found
		}
		language, rest, _ := strings.Cut(rest, "\n")
		body, after, _ := strings.Cut(rest, "\n```\n")
		found = append(found, block{language, body + "\n"})
		text = "\n" + after
	}
}

func run(t *testing.T, folder string, environment []string, name string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), environment...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, out)
	}
	return string(out)
}
