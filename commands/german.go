package commands

func fromGerman(toks []token) ([]token, bool) { return nil, false }
