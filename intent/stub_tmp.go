package intent

type verbKind uint8
type wordFlag uint32

func addVerbs(map[string]wordInfo) {}
func addFlags(map[string]wordInfo) {}
func addCues(map[string]wordInfo)  {}
