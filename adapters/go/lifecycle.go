// What all kinds of components share in their lives: set-up before the first message, the close hook after the last,
// and a check that an optional method is one the library will find.

package polybolt

import (
	"fmt"
	"reflect"
)

// hook is an optional method: its name, whether the component has it as it must be, and how that is.
type hook struct {
	name      string
	found     bool
	signature string
}

type lifecycle struct {
	reporter  Reporter
	component any
	hooks     []hook
}

func prepareHook(component any) hook {
	_, found := component.(Preparer)
	return hook{"Prepare", found, "Prepare(polybolt.Conf, *polybolt.Context) error"}
}

func closeHook(component any) hook {
	_, found := component.(Closer)
	return hook{"Close", found, "Close() error"}
}

// checkHooks finds methods that have an optional method's name and another signature: Go would silently never call them.
func (l *lifecycle) checkHooks() error {
	methods := reflect.TypeOf(l.component)
	for i := 0; i < methods.NumMethod(); i++ {
		method := methods.Method(i)
		for _, hook := range l.hooks {
			if hook.name == method.Name && !hook.found {
				return fmt.Errorf("polybolt: %v has a method %s that would never be called; declare it as %s", methods, hook.name, hook.signature)
			}
		}
	}
	return nil
}

// setUp runs the method that prepares the component. An error has been reported when it is returned.
func (l *lifecycle) setUp(method string, run func() error) error {
	err := l.checkHooks()
	if err == nil {
		err = protect(run)
	}
	if err != nil && !isFatal(err) {
		l.reporter.report(trace(err, l.component, method))
	}
	return err
}

func (l *lifecycle) prepare(conf Conf, context *Context) error {
	return l.setUp("Prepare", func() error {
		if preparer, ok := l.component.(Preparer); ok {
			return preparer.Prepare(conf, context)
		}
		return nil
	})
}

func (l *lifecycle) close() error {
	closer, ok := l.component.(Closer)
	if !ok {
		return nil
	}
	err := protect(closer.Close)
	if err != nil {
		l.reporter.report(trace(err, l.component, "Close"))
	}
	return err
}

func protect(run func() error) (err error) {
	err = errNoPanicValue
	defer catch(&err)
	return run()
}
