using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>mmu_lock: a fair reader/writer lock in the manner of the kernel's queued rwlock. Whoever cannot enter at once queues
/// for an internal ticket lock and so gets in by order of arrival; once a writer waits at the head, new readers queue behind
/// it.</summary>
/// <remarks>Word: readers in bits 9 and up, bit 8 a writer waits, bits 7:0 a writer is in (kernel: qrwlock.h). No upgrade and no
/// recursion. Where the kernel spins with preemption off, a waiter here spins and then sleeps on a futex. Ordering: entering is
/// at least acquire, leaving at least release; every step is a locked read-modify-write.</remarks>
public sealed unsafe class MmuLock : IDisposable
{
    private const uint WriterIn = 0xff;
    private const uint WriterWaiting = 0x100;
    private const uint WriterMask = 0x1ff;
    private const uint Reader = 0x200;
    private const long SleepNanosecondsMax = 1_000_000;

    private readonly NativeBlock _block = new(4096);
    private readonly uint* _state;
    private readonly uint* _sleepers;
    private readonly TicketLock _queue;
    private readonly string _sharedWait;
    private readonly string _exclusiveWait;

    public MmuLock(string name = "mmu_lock")
    {
        Name = name;
        _queue = new TicketLock($"{name} queue");
        _sharedWait = $"{name}, shared";
        _exclusiveWait = $"{name}, exclusive";
        // SAFETY: two words on their own cache lines inside the block owned by this lock.
        _state = (uint*)_block.Address;
        _sleepers = (uint*)(_block.Address + 128);
    }

    public string Name { get; }

    /// <summary>Turns a waiter spins before it sleeps; none where there is one processor.</summary>
    internal static int SpinTurns { get; } = Environment.ProcessorCount > 1 ? 200 : 0;

    /// <summary>True if somebody queues for the lock, in either mode (rwlock_is_contended).</summary>
    public bool IsContended
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _queue.IsHeld;
    }

    /// <summary>True if nobody holds the lock. For self-checks after the actors stopped.</summary>
    public bool IsFree => Volatile.Read(ref *_state) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EnterShared()
    {
        if ((Interlocked.Add(ref *_state, Reader) & WriterMask) != 0) EnterSharedSlow();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ExitShared()
    {
        // Full fence before the sleepers count is read. Pairs with the increment in Await.
        Interlocked.Add(ref *_state, unchecked(0u - Reader));
        if (Volatile.Read(ref *_sleepers) != 0) Libc.FutexWakeAll(_state);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EnterExclusive()
    {
        if (Interlocked.CompareExchange(ref *_state, WriterIn, 0) != 0) EnterExclusiveSlow();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ExitExclusive()
    {
        Interlocked.And(ref *_state, ~WriterIn);
        if (Volatile.Read(ref *_sleepers) != 0) Libc.FutexWakeAll(_state);
    }

    /// <summary>Leaves, and comes back behind those that wait. In a kernel they spin, and the first of them is in before who left
    /// can look; here it may sleep, and whoever came back by the short way would find the lock free, and somebody waiting, again
    /// and again.</summary>
    public void YieldShared()
    {
        ExitShared();
        EnterSharedInLine();
    }

    /// <summary>As <see cref="YieldShared"/>.</summary>
    public void YieldExclusive()
    {
        ExitExclusive();
        EnterExclusiveSlow();
    }

    public void Dispose()
    {
        _queue.Dispose();
        _block.Dispose();
    }

    private void EnterSharedSlow()
    {
        Interlocked.Add(ref *_state, unchecked(0u - Reader));
        if (Volatile.Read(ref *_sleepers) != 0) Libc.FutexWakeAll(_state);
        EnterSharedInLine();
    }

    private void EnterSharedInLine()
    {
        Actor actor = Actor.Current;
        actor.BeginWait(_sharedWait, Metal.Now);
        _queue.Enter();
        // No writer can start to wait while we are at the head of the queue; only one that is in can keep us out.
        Interlocked.Add(ref *_state, Reader);
        Await(WriterIn, 0);
        _queue.Exit();
        actor.Counters.SharedWaitNanoseconds += actor.EndWait(Metal.Now);
    }

    private void EnterExclusiveSlow()
    {
        Actor actor = Actor.Current;
        actor.BeginWait(_exclusiveWait, Metal.Now);
        _queue.Enter();
        if (Interlocked.CompareExchange(ref *_state, WriterIn, 0) != 0)
        {
            Interlocked.Or(ref *_state, WriterWaiting);
            do Await(~0u, WriterWaiting);
            while (Interlocked.CompareExchange(ref *_state, WriterIn, WriterWaiting) != WriterWaiting);
        }
        _queue.Exit();
        actor.Counters.ExclusiveWaitNanoseconds += actor.EndWait(Metal.Now);
    }

    /// <summary>Returns when the masked state has the value.</summary>
    private void Await(uint mask, uint value)
    {
        for (int turn = 0; turn < SpinTurns; turn++)
        {
            if ((Volatile.Read(ref *_state) & mask) == value) return;
            Thread.SpinWait(8);
        }

        for (uint state; ((state = Volatile.Read(ref *_state)) & mask) != value;)
        {
            Interlocked.Increment(ref *_sleepers);
            Libc.FutexWait(_state, state, SleepNanosecondsMax);
            Interlocked.Decrement(ref *_sleepers);
        }
    }
}
