using Lab.Mmu;

namespace Lab.Explorer.Seam;

/// <summary>What a read-modify-write makes of the old value.</summary>
public enum Modification
{
    Exchange,

    /// <summary>Stores only if the old value equals the comparand.</summary>
    CompareExchange,
    Add,
    Or,
    And,
}

/// <summary>Who orders the events of <see cref="Explored"/>. One instance runs one program at a time; members are called by the
/// thread under control whose turn it is, and may throw <see cref="ExecutionEndedException"/> to unwind it.</summary>
/// <remarks>Read-modify-writes, fences, locks and grace periods drain the caller's store buffer under x86-TSO. Who judges by
/// store buffers need not know which order an access has: there all loads acquire, all stores release, and every
/// read-modify-write is a full fence. Members that say an order are for who judges by a weaker model.</remarks>
public abstract class Controller
{
    public abstract ulong Load(nint word);

    /// <summary>A load of a word that nobody writes meanwhile: no event, where the controller can tell.</summary>
    public virtual ulong LoadPlain(nint word) => Load(word);

    /// <summary>A load that acquires nothing.</summary>
    public virtual ulong LoadRelaxed(nint word) => Load(word);

    /// <summary>A relaxed load of a word whose address depends on loads of the thread, and whose value remembers this
    /// one.</summary>
    public virtual TrackedValue LoadTracked(nint word, TrackedValue address) => LoadRelaxed(word);

    public abstract void Store(nint word, ulong value);

    /// <summary>A store that releases nothing. Only who judges the order of accesses cares for the difference: on x86 every store
    /// is a release.</summary>
    public virtual void StoreRelaxed(nint word, ulong value) => Store(word, value);

    /// <summary>A store, relaxed or release, of what depends on loads of the thread, to where depends on others.</summary>
    public virtual void StoreTracked(nint word, TrackedValue address, TrackedValue value, AccessOrder order)
    {
        if (order == AccessOrder.Relaxed) StoreRelaxed(word, value.Value);
        else Store(word, value.Value);
    }

    /// <summary>Returns the old value; full fence.</summary>
    public abstract ulong Modify(nint word, Modification how, ulong operand, ulong comparand);

    /// <summary>Returns the old value; ordered as it says.</summary>
    public virtual ulong Modify(nint word, Modification how, ulong operand, ulong comparand, AccessOrder order) =>
        Modify(word, how, operand, comparand);

    public abstract void Fence();

    /// <summary>Orders stores with stores.</summary>
    public virtual void StoreFence() { }

    /// <summary>Orders loads with loads.</summary>
    public virtual void LoadFence() { }

    /// <summary>A turn of a spin loop: the caller cannot go on until one of the words it read since its last turn has
    /// changed.</summary>
    public abstract void Relax();

    /// <summary>A futex: to look and to fall asleep is one step. Returns if the word does not have the value, and else when
    /// somebody wakes. Who does not model sleep wakes at the change.</summary>
    public virtual void AwaitWake(nint word, ulong value)
    {
        if (Load(word) == value) Relax();
    }

    /// <summary>Wakes who sleeps on the word; full fence.</summary>
    public virtual void Wake(nint word) { }

    public abstract void EnterShared(object theLock);

    public abstract void ExitShared(object theLock);

    public abstract void EnterExclusive(object theLock);

    public abstract void ExitExclusive(object theLock);

    public virtual bool IsContended(object theLock) => false;

    public virtual bool Reinitialise(object theLock) => throw Unsupported("semaphores that are made anew");

    /// <summary>The caller is about to leave the lock for those that wait, and to come back.</summary>
    public virtual void Yields(object theLock) { }

    public abstract void EnterRcu(Rcu rcu);

    public abstract void ExitRcu(Rcu rcu);

    public abstract void Synchronize(Rcu rcu);

    public virtual void CallRcu(Rcu rcu, nint node, RcuKind kind) => throw Unsupported("callbacks after a grace period");

    public virtual void Barrier(Rcu rcu) => throw Unsupported("callbacks after a grace period");

    public virtual bool Queue(WorkQueue queue, TdpRoot root) => throw Unsupported("work queues");

    public virtual void Flush(WorkQueue queue) => throw Unsupported("work queues");

    /// <summary>The interrupt that carries a request to the vCPUs: a full fence on every thread.</summary>
    public abstract void Interrupt();

    /// <summary>A pause knob: under control it is a choice like any other, not a wait.</summary>
    public virtual void Dally() { }

    /// <summary>Steps made so far: time under control.</summary>
    public abstract long Timestamp();

    private NotSupportedException Unsupported(string what) =>
        new($"{GetType().Name} does not model {what}; explore the program with the agent search instead.");
}

/// <summary>Thrown through code under control to unwind it when its execution is over. Code under control must let it
/// pass.</summary>
public sealed class ExecutionEndedException : Exception
{
    internal static readonly ExecutionEndedException Instance = new();

    private ExecutionEndedException() : base("The execution that this code took part in is over.") { }
}
