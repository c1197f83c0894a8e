package smtpd

import (
	"errors"
	"io"

	"github.com/emersion/go-smtp"

	"tidepost/guard"
	"tidepost/mail"
	"tidepost/store"
)

// reply turns an error into the bare *smtp.SMTPError that go-smtp understands: a
// wrapped one, or any other error, would become a permanent 554.
func (s *session) reply(what string, err error) error {
	if err == nil {
		return nil
	}
	var refusal *mail.Reply
	if errors.As(err, &refusal) {
		if refusal.Temporary() || refusal.Cause != nil {
			s.log().Warn(what, "code", refusal.Code, "err", err)
		} else {
			s.log().Info(what, "code", refusal.Code, "reason", refusal.Text)
		}
		return &smtp.SMTPError{Code: refusal.Code, EnhancedCode: refusal.Enhanced, Message: refusal.Text}
	}
	var defect *guard.DataDefect
	if errors.As(err, &defect) || errors.Is(err, io.ErrUnexpectedEOF) || s.conn.ReadError() != nil {
		s.log().Info(what, "err", err)
		return err // The guard says it in its own words, or nobody listens any more.
	}
	s.log().Error(what, "err", err)
	return temporary(err)
}

// temporary is what a peer is told about trouble that is ours: nothing of the cause.
func temporary(err error) *smtp.SMTPError {
	switch {
	case errors.Is(err, store.ErrFull):
		return insufficientStorage()
	case errors.Is(err, store.ErrHeadTooBig):
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 3, 4}, Message: "Message header too large"}
	}
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Temporary failure, please try again later"}
}

func insufficientStorage() *smtp.SMTPError {
	return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "Insufficient system storage, please try again later"}
}
