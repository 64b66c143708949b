using System.Runtime.InteropServices;
using Lab.Mmu;

namespace Lab.Explorer.Agents;

/// <summary>An operating-system thread that runs only when it is handed the turn. All threads of a controller share one
/// processor, so that a hand-over is one switch and never a migration.</summary>
internal sealed unsafe partial class AgentThread : IDisposable
{
    private const long RecheckNanoseconds = 1_000_000_000;
    private const int SchedBatch = 3;
    // A thread looks at its word once more when all that it worked on is gone.
    private readonly NativeBlock _block = NativeBlock.OfSystem(4096);
    private readonly uint* _turn;

    public AgentThread() => _turn = (uint*)_block.Address;

    /// <summary>Starts a background thread that waits for its first turn, on the given processor.</summary>
    public void Start(string name, int cpu, Action body) => new Thread(
        () =>
        {
            Pin(cpu);
            Await();
            body();
        },
        maxStackSize: 1 << 20) { IsBackground = true, Name = name }.UnsafeStart();

    /// <summary>Hands the turn to this thread. The caller then waits for its own.</summary>
    public void Wake()
    {
        // Release: what the caller wrote is there when the other goes on. The kernel call orders it as well.
        Volatile.Write(ref *_turn, 1u);
        Libc.FutexWakeAll(_turn);
    }

    /// <summary>Waits for the turn and takes it.</summary>
    public void Await()
    {
        while (Volatile.Read(ref *_turn) == 0) Libc.FutexWait(_turn, 0, RecheckNanoseconds);
        Volatile.Write(ref *_turn, 0u);
    }

    /// <summary>Waits for the turn at most so long; false if it did not come. Waits are counted as well as time: for a process
    /// that was stopped it is one.</summary>
    public bool TryAwait(TimeSpan limit)
    {
        const int waits = 20;
        long until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        for (int wait = 0; Volatile.Read(ref *_turn) == 0; wait++)
        {
            if (wait >= waits && Environment.TickCount64 >= until) return false;
            Libc.FutexWait(_turn, 0, (long)(limit.TotalMilliseconds * 1_000_000) / waits);
        }
        Volatile.Write(ref *_turn, 0u);
        return true;
    }

    public void Dispose() => _block.Dispose();

    /// <summary>Binds the calling thread to a processor, and asks that it does not preempt whoever wakes it: the waker is about
    /// to wait anyway, and to be switched out before that costs a switch more. Where either is refused it runs all the same, only
    /// slower.</summary>
    public static void Pin(int cpu)
    {
        ulong* mask = stackalloc ulong[16];
        new Span<ulong>(mask, 16).Clear();
        mask[cpu / 64] = 1UL << (cpu % 64);
        // SAFETY: the mask is 128 bytes on this frame, which is the size passed.
        _ = SchedSetAffinity(0, 128, mask);
        int priority = 0;
        // SAFETY: struct sched_param is this one int.
        _ = SchedSetScheduler(0, SchedBatch, &priority);
    }

    /// <summary>The processor that the calling thread is on: the system put it where there is room.</summary>
    public static int CurrentCpu() => Math.Max(0, SchedGetCpu());

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    private static partial int SchedGetCpu();

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SchedSetScheduler(int pid, int policy, int* priority);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SchedSetAffinity(int pid, nuint bytes, ulong* mask);
}
