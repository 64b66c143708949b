using System.Runtime.InteropServices;

namespace Lab.Mmu;

/// <summary>The few system calls of Linux that the MMU stands on.</summary>
internal static partial class Libc
{
    private const nint SysFutex = 202;
    private const nint SysMembarrier = 324;
    private const int ThreadClock = 3;
    private const int OfThread = 0; // PRIO_PROCESS, which on Linux means a thread
    private const int CallingThread = 0;
    private const int FutexWaitPrivate = 0 | 128;
    private const int FutexWakePrivate = 1 | 128;
    private const int MembarrierCmdPrivateExpedited = 1 << 3;
    private const int MembarrierCmdRegisterPrivateExpedited = 1 << 4;

    private static readonly bool MembarrierReady = RegisterMembarrier();

    /// <summary>True if the kernel interrupts the other threads for us; otherwise a process-wide barrier of the runtime is
    /// used.</summary>
    internal static bool HasMembarrier => MembarrierReady;

    /// <summary>Returns after every thread of this process that was running has executed a full memory barrier (an IPI to its
    /// core). A thread that was not running passed one when it was switched out. Pairs with the compiler barriers of
    /// <see cref="Rcu.Enter"/> and of the vCPU's request check.</summary>
    internal static void MembarrierPrivateExpedited()
    {
        if (MembarrierReady) _ = Syscall(SysMembarrier, MembarrierCmdPrivateExpedited, 0, 0, 0, 0, 0);
        else Interlocked.MemoryBarrierProcessWide();
    }

    /// <summary>Sleeps until woken, unless the word no longer holds <paramref name="expected"/>. May return early; the caller
    /// re-checks.</summary>
    internal static unsafe void FutexWait(uint* word, uint expected, long timeoutNanoseconds)
    {
        Timespec timeout =
            new() { Seconds = timeoutNanoseconds / 1_000_000_000, Nanoseconds = timeoutNanoseconds % 1_000_000_000 };
        // SAFETY: the word is native memory owned by a live lock; the kernel reads the time-out before the call returns.
        _ = Syscall(SysFutex, (nint)word, FutexWaitPrivate, (nint)expected, (nint)(&timeout), 0, 0);
    }

    internal static unsafe void FutexWakeAll(uint* word) =>
        _ = Syscall(SysFutex, (nint)word, FutexWakePrivate, int.MaxValue, 0, 0, 0);

    /// <summary>Sleeps at most a millisecond while the lower half of the word is that of <paramref name="value"/>.</summary>
    internal static unsafe void AwaitChange(ref ulong word, ulong value)
    {
        if (Volatile.Read(ref word) != value) return;
        // SAFETY: shared words live in native memory (IMachine), and x86-64 keeps the lower half of a word at its address.
        FutexWait((uint*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref word), (uint)value, 1_000_000);
    }

    internal static unsafe void WakeAll(ref ulong word) =>
        FutexWakeAll((uint*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref word));

    [LibraryImport("libc", EntryPoint = "sched_yield")]
    internal static partial int SchedYield();

    internal static void YieldProcessor() => _ = SchedYield();

    /// <summary>Sleeps about so long; less if a signal arrives. <see cref="Thread.Sleep(TimeSpan)"/> knows whole milliseconds
    /// only.</summary>
    internal static unsafe void Nap(long nanoseconds)
    {
        Timespec time = new() { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };
        // SAFETY: the kernel reads the time before the call returns, and writes no remainder.
        _ = NanoSleep(&time, null);
    }

    /// <summary>Nanoseconds that the calling thread has run (CLOCK_THREAD_CPUTIME_ID).</summary>
    internal static unsafe long ThreadTime()
    {
        Timespec time = default;
        // SAFETY: the kernel writes one Timespec to the stack.
        _ = ClockGetTime(ThreadClock, &time);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    /// <summary>Sets the calling thread's niceness, -20 to 19; false, and nothing has changed, where that is refused.</summary>
    internal static bool BeNice(int nice) => OperatingSystem.IsLinux() && SetPriority(OfThread, CallingThread, nice) == 0;

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int nice);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static unsafe partial int ClockGetTime(int clock, Timespec* time);

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static unsafe partial int NanoSleep(Timespec* time, Timespec* remainder);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    private static bool RegisterMembarrier() =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
        && Syscall(SysMembarrier, MembarrierCmdRegisterPrivateExpedited, 0, 0, 0, 0, 0) == 0;

    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
