using System.Numerics;
using System.Runtime.InteropServices;
using Lab.Time;

namespace Lab.Measure;

/// <summary>Where the calling thread may run and how exactly it wakes, by libc's calls. On systems without them nothing is pinned
/// and sleeps are as coarse as the runtime's.</summary>
internal static unsafe partial class ThreadPlacement
{
    // 8,192 cores: the largest NR_CPUS the kernel can be built with. It refuses masks shorter than its own.
    private const int MaskWords = 8_192 / 64;
    private const int CallingThread = 0;
    private const int PrSetTimerSlack = 29;
    private const int ClockMonotonic = 1;
    private const int AbsoluteTime = 1;

    /// <summary>The kernel's id of the calling thread; 0 where there is none.</summary>
    public static int ThreadId => OperatingSystem.IsLinux() ? GetThreadId() : 0;

    /// <summary>The cores the calling thread may run on, ascending.</summary>
    public static IReadOnlyList<int> AllowedCpus()
    {
        Span<ulong> mask = stackalloc ulong[MaskWords];
        int byteCount = -1;
        if (OperatingSystem.IsLinux())
        {
            // SAFETY: the kernel writes at most the given number of bytes, which is the span's length.
            unsafe
            {
                fixed (ulong* words = mask) byteCount = GetAffinity(CallingThread, MaskWords * sizeof(ulong), words);
            }
        }

        if (byteCount < 0) return [.. Enumerable.Range(0, Environment.ProcessorCount)];
        List<int> cpus = new();
        for (int word = 0; word < MaskWords; word++)
        {
            for (ulong left = mask[word]; left != 0; left &= left - 1)
            {
                cpus.Add((word * 64) + BitOperations.TrailingZeroCount(left));
            }
        }

        return cpus;
    }

    /// <summary>Binds the calling thread to one core. False when the kernel refuses; then nothing has changed.</summary>
    public static bool PinTo(int cpu)
    {
        if (!OperatingSystem.IsLinux() || cpu is < 0 or >= MaskWords * 64) return false;
        Span<ulong> mask = stackalloc ulong[MaskWords];
        mask[cpu / 64] = 1UL << (cpu % 64);

        // SAFETY: the kernel reads the given number of bytes, which is the span's length.
        unsafe
        {
            fixed (ulong* words = mask) return SetAffinity(CallingThread, MaskWords * sizeof(ulong), words) == 0;
        }
    }

    /// <summary>How often the kernel took the core away from a thread of this process; null when it cannot be read.</summary>
    public static long? InvoluntarySwitches(int threadId) =>
        KernelText.Number(KernelText.Field(KernelText.Read($"/proc/self/task/{threadId}/status"), "nonvoluntary_ctxt_switches"));

    /// <summary>Makes the calling thread's sleeps end within a few microseconds instead of the usual 50 us of slack.</summary>
    public static void WakeExactly()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Prctl(PrSetTimerSlack, 1, 0, 0, 0); // refusal leaves the usual slack, which costs exactness only
        }
    }

    /// <summary>Sleeps about this long; a signal may end it early, so the caller looks at the clock again.</summary>
    public static void Sleep(long nanoseconds)
    {
        if (!OperatingSystem.IsLinux())
        {
            Thread.Sleep((int)(nanoseconds / 1_000_000));
            return;
        }

        TimeSpec request = new() { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };

        // SAFETY: the kernel reads one TimeSpec from the stack and writes no remainder, since none is asked for.
        unsafe
        {
            _ = NanoSleep(&request, null);
        }
    }

    /// <summary>Sleeps until that moment on the CLOCK_MONOTONIC line; a signal may end it early, so the caller looks at the clock
    /// again.</summary>
    public static void SleepUntil(long nanoseconds)
    {
        if (!OperatingSystem.IsLinux())
        {
            Thread.Sleep(TimeSpan.FromTicks(Math.Max(0, nanoseconds - Clock.MonotonicNanoseconds()) / 100));
            return;
        }

        TimeSpec until = new() { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };

        // SAFETY: the kernel reads one TimeSpec from the stack; of an absolute time it writes no remainder.
        unsafe
        {
            _ = ClockNanoSleep(ClockMonotonic, AbsoluteTime, &until, null);
        }
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetThreadId();

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int threadId, nuint byteCount, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int threadId, nuint byteCount, ulong* mask);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(TimeSpec* request, TimeSpec* remaining);

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int ClockNanoSleep(int clock, int flags, TimeSpec* request, TimeSpec* remaining);

    /// <summary>struct timespec of 64-bit Linux.</summary>
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
