target triple = "nvptx64-nvidia-cuda"

@lut = addrspace(4) constant [8 x double] [double 0.0, double 1.5, double 3.0, double 4.5, double 6.0, double 7.5, double 9.0, double 10.5]

define ptx_kernel void @consts(double addrspace(1)* nocapture %o) nounwind {
entry:
	%0 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%1 = and i32 %0, 7
	%2 = getelementptr [8 x double], [8 x double] addrspace(4)* @lut, i32 0, i32 %1
	%3 = load double, double addrspace(4)* %2
	%4 = call double @llvm.sqrt.f64(double %3)
	%5 = zext i32 %0 to i64
	%6 = getelementptr inbounds double, double addrspace(1)* %o, i64 %5
	store double %4, double addrspace(1)* %6
	ret void
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare double @llvm.sqrt.f64(double %0)
