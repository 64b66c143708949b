using System.Runtime.CompilerServices;
using Lab.Time;

namespace Lab.Mmu;

/// <summary>The real machine: threads, hardware atomics, futexes and membarrier.</summary>
/// <remarks>On x86-64 each word operation below is one instruction after inlining. Plain loads and stores are acquire and release
/// there; <see cref="Volatile"/> also keeps the JIT from moving or repeating them, on every architecture.</remarks>
public readonly struct Metal : IMachine
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Load(ref ulong word) => Volatile.Read(ref word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong LoadRelaxed(ref ulong word) => Volatile.Read(ref word);

    public ulong LoadPlain(ref ulong word) => word;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref ulong word, ulong value) => Volatile.Write(ref word, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreRelaxed(ref ulong word, ulong value) => Volatile.Write(ref word, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Exchange(ref ulong word, ulong value) => Interlocked.Exchange(ref word, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong CompareExchange(ref ulong word, ulong value, ulong comparand) =>
        Interlocked.CompareExchange(ref word, value, comparand);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Add(ref ulong word, ulong addend) => Interlocked.Add(ref word, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Or(ref ulong word, ulong bits) => Interlocked.Or(ref word, bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong And(ref ulong word, ulong bits) => Interlocked.And(ref word, bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Exchange(ref ulong word, ulong value, AccessOrder order) => Interlocked.Exchange(ref word, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong CompareExchange(ref ulong word, ulong value, ulong comparand, AccessOrder order) =>
        Interlocked.CompareExchange(ref word, value, comparand);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Add(ref ulong word, ulong addend, AccessOrder order) => Interlocked.Add(ref word, addend);

    public void FullFence() => Interlocked.MemoryBarrier();

    /// <inheritdoc/>
    /// <remarks>Restrains the JIT; no instruction on x86.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreFence() => Volatile.WriteBarrier();

    /// <inheritdoc/>
    /// <remarks>Restrains the JIT; no instruction on x86.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LoadFence() => Volatile.ReadBarrier();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TrackedValue LoadTracked(ref ulong word) => Volatile.Read(ref word);

    // SAFETY: the caller promises the address of a word in native memory that is in use.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe TrackedValue LoadTracked(TrackedValue address) => Volatile.Read(ref *(ulong*)address.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreTracked(ref ulong word, TrackedValue value, AccessOrder order) => Volatile.Write(ref word, value.Value);

    // SAFETY: as for the load.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void StoreTracked(TrackedValue address, TrackedValue value, AccessOrder order) =>
        Volatile.Write(ref *(ulong*)address.Value, value.Value);

    public void Relax(ref Backoff backoff) => backoff.Once();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EnterShared(MmuLock mmuLock) => mmuLock.EnterShared();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ExitShared(MmuLock mmuLock) => mmuLock.ExitShared();

    public void EnterExclusive(MmuLock mmuLock) => mmuLock.EnterExclusive();

    public void ExitExclusive(MmuLock mmuLock) => mmuLock.ExitExclusive();

    public void YieldShared(MmuLock mmuLock) => mmuLock.YieldShared();

    public void YieldExclusive(MmuLock mmuLock) => mmuLock.YieldExclusive();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsContended(MmuLock mmuLock) => mmuLock.IsContended;

    public void Enter(TicketLock spinLock) => spinLock.Enter();

    public void Exit(TicketLock spinLock) => spinLock.Exit();

    public void Enter(SleepingLock mutex) => mutex.Enter();

    public void Exit(SleepingLock mutex) => mutex.Exit();

    public void EnterShared(RwSemaphore semaphore) => semaphore.EnterShared();

    public void ExitShared(RwSemaphore semaphore) => semaphore.ExitShared();

    public void EnterExclusive(RwSemaphore semaphore) => semaphore.EnterExclusive();

    public void ExitExclusive(RwSemaphore semaphore) => semaphore.ExitExclusive();

    public bool Reinitialise(RwSemaphore semaphore) => semaphore.Reinitialise();

    public void AwaitChange(ref ulong word, ulong value, string what)
    {
        Actor actor = Actor.Current;
        actor.BeginWait(what, Now);
        Libc.AwaitChange(ref word, value);
        actor.EndWait(Now);
    }

    public void Wake(ref ulong word) => Libc.WakeAll(ref word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EnterRcu(Rcu rcu) => rcu.Enter();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ExitRcu(Rcu rcu) => rcu.Exit();

    public void Synchronize(Rcu rcu) => rcu.Synchronize();

    public void CallRcu(Rcu rcu, nint node, RcuKind kind) => rcu.Call(node, kind);

    public void Barrier(Rcu rcu) => rcu.Barrier();

    public bool Queue(WorkQueue queue, TdpRoot root) => queue.Enqueue(root);

    public void Flush(WorkQueue queue) => queue.Flush();

    public void InterruptVcpus() => Libc.MembarrierPrivateExpedited();

    public void Dally(long nanoseconds)
    {
        long until = Timestamp() + nanoseconds;
        while (Timestamp() < until) Libc.YieldProcessor();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Timestamp() => Now;

    public long ThreadTime() => Libc.ThreadTime();

    public Actor Actor => Actor.Current;

    public Actor Enter(string name) => Actor.Enter(name);

    public void Leave() => Actor.Leave();

    /// <summary>CLOCK_MONOTONIC in nanoseconds, by the clock that samples are taken with.</summary>
    internal static long Now => Clock.Default.Now();
}
