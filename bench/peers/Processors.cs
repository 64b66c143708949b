using System.Runtime.InteropServices;

namespace Lab.Bench.Peers;

/// <summary>Which processor the comparison runs on.</summary>
internal static partial class Processors
{
    private const int MaskWords = 8192 / 64;

    /// <summary>Binds the calling thread, and every process it starts, to the processor it runs on now. Returns its number, or -1
    /// if the system refused and nothing changed.</summary>
    public static int PinHere()
    {
        int cpu = Thread.GetCurrentProcessorId() % (MaskWords * 64);
        return PinTo(cpu) ? cpu : -1;
    }

    /// <summary>Binds the calling thread, and every process it starts, to one processor. False if the system refused and nothing
    /// changed.</summary>
    public static unsafe bool PinTo(int cpu)
    {
        ulong* mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        mask[cpu / 64] = 1UL << (cpu % 64);
        // SAFETY: the kernel reads as many bytes as the mask has. Thread 0 is the caller; a child inherits its caller's mask.
        return OperatingSystem.IsLinux() && SetAffinity(0, MaskWords * sizeof(ulong), mask) == 0;
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static unsafe partial int SetAffinity(int thread, nuint bytes, ulong* mask);
}
