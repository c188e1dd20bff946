package emulator

// translators are the instructions that are known.
var translators map[string]func(c *compiler)

func init() {
	translators = map[string]func(c *compiler){
		"add": translateAdd, "sub": translateAdd, "addc": translateAdd, "subc": translateAdd,
		"mul": translateMultiply, "mad": translateMultiply, "madc": translateMultiply, "fma": translateFused,
		"div": translateDivide, "rem": translateDivide,
		"min": translateExtreme, "max": translateExtreme,
		"abs": translateSign, "neg": translateSign, "copysign": translateCopySign,
		"and": translateLogic, "or": translateLogic, "xor": translateLogic, "not": translateLogic, "cnot": translateLogic,
		"lop3": translateTable3,
		"shl":  translateShift, "shr": translateShift, "shf": translateFunnel,
		"popc": translateCount, "clz": translateCount, "brev": translateCount, "bfind": translateCount,
		"bfe": translateExtract, "bfi": translateInsert, "prmt": translatePermute,
		"sad": translateDistance, "dp4a": translateDot4,
		"sqrt": translateFunction, "rcp": translateFunction, "rsqrt": translateFunction, "ex2": translateFunction,
		"lg2": translateFunction, "sin": translateFunction, "cos": translateFunction, "tanh": translateFunction,
		"testp": translateTest,
		"setp":  translateCompare, "selp": translateSelect,
		"cvt": translateConvert, "mov": translateMove, "cvta": translateAddress, "isspacep": translateIsSpace,
		"ld": translateLoad, "ldu": translateLoad, "st": translateStore,
		"atom": translateAtomic, "red": translateAtomic,
		"prefetch": translateHint, "prefetchu": translateHint, "nanosleep": translateNothing,
		"membar": translateFence, "fence": translateFence,
		"cp":  translateCopy,
		"bra": translateBranch, "brx": translateTableBranch,
		"ret": translateExit, "exit": translateExit, "trap": translateTrap,
		"bar": translateBarrier, "barrier": translateBarrier,
		"shfl": translateShuffle, "vote": translateVote, "redux": translateReduce, "match": translateMatch,
		"activemask": translateActive, "elect": translateElect,
	}
}

// specialRegisters are the registers of the machine that are known. They do not change
// while a block runs.
var specialRegisters = map[string]bool{
	"%tid.x": true, "%tid.y": true, "%tid.z": true, "%ntid.x": true, "%ntid.y": true, "%ntid.z": true,
	"%ctaid.x": true, "%ctaid.y": true, "%ctaid.z": true, "%nctaid.x": true, "%nctaid.y": true, "%nctaid.z": true,
	"%laneid": true, "%warpid": true, "%nwarpid": true, "%smid": true, "%nsmid": true, "%gridid": true,
	"%lanemask_eq": true, "%lanemask_le": true, "%lanemask_lt": true, "%lanemask_ge": true, "%lanemask_gt": true,
	"%dynamic_smem_size": true, "%total_smem_size": true,
}
