using System.Runtime.CompilerServices;
using Lab.Mmu;

namespace Lab.Explorer.Seam;

/// <summary>The machine under control: every shared access, lock, grace period and work item is an event that a
/// <see cref="Controller"/> orders. The same strategy source runs on it as on <see cref="Metal"/>.</summary>
/// <remarks>A word's identity is its address, so words must live in native memory. Members throw what the controller throws to
/// end an execution.</remarks>
public readonly struct Explored(Controller controller) : IMachine
{
    public ulong Load(ref ulong word) => controller.Load(Address(ref word));

    public ulong LoadRelaxed(ref ulong word) => controller.LoadRelaxed(Address(ref word));

    public ulong LoadPlain(ref ulong word) => controller.LoadPlain(Address(ref word));

    public TrackedValue LoadTracked(ref ulong word) => controller.LoadTracked(Address(ref word), 0);

    public TrackedValue LoadTracked(TrackedValue address) => controller.LoadTracked((nint)address.Value, address);

    public void Store(ref ulong word, ulong value)
    {
        controller.Store(Address(ref word), value);
        KeepCaller();
    }

    public void StoreRelaxed(ref ulong word, ulong value)
    {
        controller.StoreRelaxed(Address(ref word), value);
        KeepCaller();
    }

    public void StoreTracked(ref ulong word, TrackedValue value, AccessOrder order = AccessOrder.Relaxed)
    {
        controller.StoreTracked(Address(ref word), 0, value, order);
        KeepCaller();
    }

    public void StoreTracked(TrackedValue address, TrackedValue value, AccessOrder order = AccessOrder.Relaxed)
    {
        controller.StoreTracked((nint)address.Value, address, value, order);
        KeepCaller();
    }

    public ulong Exchange(ref ulong word, ulong value) => controller.Modify(Address(ref word), Modification.Exchange, value, 0);

    public ulong CompareExchange(ref ulong word, ulong value, ulong comparand) =>
        controller.Modify(Address(ref word), Modification.CompareExchange, value, comparand);

    public ulong Add(ref ulong word, ulong addend) =>
        unchecked(controller.Modify(Address(ref word), Modification.Add, addend, 0) + addend);

    public ulong Or(ref ulong word, ulong bits) => controller.Modify(Address(ref word), Modification.Or, bits, 0);

    public ulong And(ref ulong word, ulong bits) => controller.Modify(Address(ref word), Modification.And, bits, 0);

    public ulong Exchange(ref ulong word, ulong value, AccessOrder order) =>
        controller.Modify(Address(ref word), Modification.Exchange, value, 0, order);

    public ulong CompareExchange(ref ulong word, ulong value, ulong comparand, AccessOrder order) =>
        controller.Modify(Address(ref word), Modification.CompareExchange, value, comparand, order);

    public ulong Add(ref ulong word, ulong addend, AccessOrder order) =>
        unchecked(controller.Modify(Address(ref word), Modification.Add, addend, 0, order) + addend);

    public void FullFence() => controller.Fence();

    public void StoreFence() => controller.StoreFence();

    public void LoadFence() => controller.LoadFence();

    public void Relax(ref Backoff backoff) => controller.Relax();

    public void EnterShared(MmuLock mmuLock) => controller.EnterShared(mmuLock);

    public void ExitShared(MmuLock mmuLock) => controller.ExitShared(mmuLock);

    public void EnterExclusive(MmuLock mmuLock) => controller.EnterExclusive(mmuLock);

    public void ExitExclusive(MmuLock mmuLock) => controller.ExitExclusive(mmuLock);

    public void YieldShared(MmuLock mmuLock)
    {
        controller.Yields(mmuLock);
        ExitShared(mmuLock);
        EnterShared(mmuLock);
    }

    public void YieldExclusive(MmuLock mmuLock)
    {
        controller.Yields(mmuLock);
        ExitExclusive(mmuLock);
        EnterExclusive(mmuLock);
    }

    public bool IsContended(MmuLock mmuLock) => controller.IsContended(mmuLock);

    public void Enter(TicketLock spinLock) => controller.EnterExclusive(spinLock);

    public void Exit(TicketLock spinLock) => controller.ExitExclusive(spinLock);

    public void Enter(SleepingLock mutex) => controller.EnterExclusive(mutex);

    public void Exit(SleepingLock mutex) => controller.ExitExclusive(mutex);

    public void EnterShared(RwSemaphore semaphore) => controller.EnterShared(semaphore);

    public void ExitShared(RwSemaphore semaphore) => controller.ExitShared(semaphore);

    public void EnterExclusive(RwSemaphore semaphore) => controller.EnterExclusive(semaphore);

    public void ExitExclusive(RwSemaphore semaphore) => controller.ExitExclusive(semaphore);

    public bool Reinitialise(RwSemaphore semaphore) => controller.Reinitialise(semaphore);

    public void AwaitChange(ref ulong word, ulong value, string what) => controller.AwaitWake(Address(ref word), value);

    public void Wake(ref ulong word) => controller.Wake(Address(ref word));

    public void EnterRcu(Rcu rcu) => controller.EnterRcu(rcu);

    public void ExitRcu(Rcu rcu) => controller.ExitRcu(rcu);

    public void Synchronize(Rcu rcu) => controller.Synchronize(rcu);

    public void CallRcu(Rcu rcu, nint node, RcuKind kind) => controller.CallRcu(rcu, node, kind);

    public void Barrier(Rcu rcu) => controller.Barrier(rcu);

    public bool Queue(WorkQueue queue, TdpRoot root) => controller.Queue(queue, root);

    public void Flush(WorkQueue queue) => controller.Flush(queue);

    public void InterruptVcpus() => controller.Interrupt();

    public void Dally(long nanoseconds) => controller.Dally();

    public long Timestamp() => controller.Timestamp();

    public long ThreadTime() => controller.Timestamp();

    public Actor Actor => Actor.Current;

    public Actor Enter(string name) => Actor.Enter(name);

    public void Leave() => Actor.Leave();

    /// <summary>A store that ends a body is no tail call: its line is looked for on the stack. No instruction.</summary>
    private void KeepCaller() => GC.KeepAlive(controller);

    // SAFETY: words live in native memory (the contract above), so the address neither moves nor dangles while the word is in
    // use.
    private static unsafe nint Address(ref ulong word) => (nint)Unsafe.AsPointer(ref word);
}
