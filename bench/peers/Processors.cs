using System.Runtime.InteropServices;

namespace Lab.Bench.Peers;

/// <summary>Which processor the comparison runs on.</summary>
internal static partial class Processors
{
    /// <summary>
    /// Binds the calling thread, and every process it starts, to the processor it runs on now. Returns its number, or -1 if the system
    /// refused and nothing changed.
    /// </summary>
    public static unsafe int PinHere()
    {
        const int MaskWords = 8192 / 64;
        int cpu = Thread.GetCurrentProcessorId() % (MaskWords * 64);
        ulong* mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        mask[cpu / 64] = 1UL << (cpu % 64);
        // SAFETY: the kernel reads as many bytes as the mask has. Thread 0 is the caller; a child inherits its caller's mask.
        return SetAffinity(0, MaskWords * sizeof(ulong), mask) == 0 ? cpu : -1;
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static unsafe partial int SetAffinity(int thread, nuint bytes, ulong* mask);
}
