using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>The floor nobody can beat: one thread and no synchronisation at all. Words are read and written plainly, locks are
/// free, a grace period is over at once, a work item runs where it is queued to, and an interrupt reaches nobody because nobody
/// else runs.</summary>
/// <remarks>Everything — vCPUs, updater and worker — must be called from one thread.</remarks>
public readonly struct OneThread : IMachine
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Load(ref ulong word) => word;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong LoadRelaxed(ref ulong word) => word;

    public ulong LoadPlain(ref ulong word) => word;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref ulong word, ulong value) => word = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreRelaxed(ref ulong word, ulong value) => word = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Exchange(ref ulong word, ulong value)
    {
        ulong old = word;
        word = value;
        return old;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong CompareExchange(ref ulong word, ulong value, ulong comparand)
    {
        ulong old = word;
        if (old == comparand) word = value;
        return old;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Add(ref ulong word, ulong addend) => word += addend;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Or(ref ulong word, ulong bits)
    {
        ulong old = word;
        word = old | bits;
        return old;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong And(ref ulong word, ulong bits)
    {
        ulong old = word;
        word = old & bits;
        return old;
    }

    public void FullFence() { }

    public void Relax(ref Backoff backoff)
    {
        if (backoff.IsHopeless) throw Hopeless();
    }

    public void EnterShared(MmuLock mmuLock) { }

    public void ExitShared(MmuLock mmuLock) { }

    public void EnterExclusive(MmuLock mmuLock) { }

    public void ExitExclusive(MmuLock mmuLock) { }

    public bool IsContended(MmuLock mmuLock) => false;

    public void Enter(TicketLock spinLock) { }

    public void Exit(TicketLock spinLock) { }

    public void Enter(SleepingLock mutex) { }

    public void Exit(SleepingLock mutex) { }

    public void EnterShared(RwSemaphore semaphore) { }

    public void ExitShared(RwSemaphore semaphore) { }

    public void EnterExclusive(RwSemaphore semaphore) { }

    public void ExitExclusive(RwSemaphore semaphore) { }

    public bool Reinitialise(RwSemaphore semaphore) => false;

    public void AwaitChange(ref ulong word, ulong value, string what)
    {
        if (word == value) throw Hopeless();
    }

    public void Wake(ref ulong word) { }

    public void EnterRcu(Rcu rcu) { }

    public void ExitRcu(Rcu rcu) { }

    public void Synchronize(Rcu rcu) { }

    public void CallRcu(Rcu rcu, nint node, RcuKind kind) => rcu.RunNow(node, kind);

    public void Barrier(Rcu rcu) { }

    public bool Queue(WorkQueue queue, TdpRoot root) => queue.EnqueueUnstarted(root);

    public void Flush(WorkQueue queue) => queue.RunAllHere();

    public void InterruptVcpus() { }

    public void Dally(long nanoseconds) { }

    public long Timestamp() => Metal.Now;

    public long ThreadTime() => Libc.ThreadTime();

    public Actor Actor => Actor.Current;

    public Actor Enter(string name) => Actor.Enter(name);

    public void Leave() => Actor.Leave();

    private static InvalidOperationException Hopeless() =>
        new("One thread waits for itself: the strategy needs a second thread and cannot run on OneThread.");
}
