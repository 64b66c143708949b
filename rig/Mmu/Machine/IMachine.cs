namespace Lab.Mmu;

/// <summary>How kernel-style code executes: every access to a shared word, every lock, grace period, work item and interrupt of
/// the MMU and of the strategies goes through here. The type parameter is a struct, so that on <see cref="Metal"/> each member
/// becomes the instruction itself.</summary>
/// <remarks>Implementations: <see cref="Metal"/> (threads, atomics, membarrier), <see cref="OneThread"/> (one thread, no
/// synchronisation: the floor), the explorer's, and in tests one on virtual time. Time and the current actor are the machine's
/// too: code on it asks neither the system's clock nor the thread it is on. Shared words live in native memory, so that an
/// implementation that controls the schedule may take the address of the reference as the word's identity. Orderings are those of
/// the kernel's primitives (reference 0.5): read-modify-writes are full fences.</remarks>
public interface IMachine
{
    /// <summary>Acquire load (smp_load_acquire).</summary>
    ulong Load(ref ulong word);

    /// <summary>Load without ordering (READ_ONCE).</summary>
    ulong LoadRelaxed(ref ulong word);

    /// <summary>Plain load of a word that nobody writes meanwhile: who may is kept out by a lock, or does not know the word
    /// yet. No event to anybody; the explorer only has to know what was found.</summary>
    ulong LoadPlain(ref ulong word);

    /// <summary>Release store (smp_store_release, rcu_assign_pointer).</summary>
    void Store(ref ulong word, ulong value);

    /// <summary>Store without ordering (WRITE_ONCE).</summary>
    void StoreRelaxed(ref ulong word, ulong value);

    /// <summary>Full-fence exchange (xchg); returns the old value.</summary>
    ulong Exchange(ref ulong word, ulong value);

    /// <summary>Full-fence compare-and-exchange (cmpxchg); returns the value found, which equals <paramref name="comparand"/> on
    /// success.</summary>
    ulong CompareExchange(ref ulong word, ulong value, ulong comparand);

    /// <summary>Full-fence addition; returns the new value. Subtract by adding the two's complement.</summary>
    ulong Add(ref ulong word, ulong addend);

    /// <summary>Full-fence bitwise or; returns the old value.</summary>
    ulong Or(ref ulong word, ulong bits);

    /// <summary>Full-fence bitwise and; returns the old value.</summary>
    ulong And(ref ulong word, ulong bits);

    /// <summary>Exchange of a weaker order (xchg_acquire and its like); machines that know none make it a full fence.</summary>
    ulong Exchange(ref ulong word, ulong value, AccessOrder order) => Exchange(ref word, value);

    /// <summary>Compare-and-exchange of a weaker order; one that fails orders nothing.</summary>
    ulong CompareExchange(ref ulong word, ulong value, ulong comparand, AccessOrder order) =>
        CompareExchange(ref word, value, comparand);

    /// <summary>Addition of a weaker order; returns the new value.</summary>
    ulong Add(ref ulong word, ulong addend, AccessOrder order) => Add(ref word, addend);

    /// <summary>Full fence (smp_mb).</summary>
    void FullFence();

    /// <summary>Orders earlier stores before later stores (smp_wmb).</summary>
    void StoreFence() => FullFence();

    /// <summary>Orders earlier loads before later loads (smp_rmb).</summary>
    void LoadFence() => FullFence();

    /// <summary>Load without ordering of its own whose value remembers where it comes from (READ_ONCE,
    /// rcu_dereference).</summary>
    TrackedValue LoadTracked(ref ulong word) => LoadRelaxed(ref word);

    /// <summary>The same of the word at an address that was computed: a dependency of address. The address is that of a shared
    /// word.</summary>
    // SAFETY: the caller promises the address of a word in native memory that is in use.
    unsafe TrackedValue LoadTracked(TrackedValue address) => LoadTracked(ref *(ulong*)address.Value);

    /// <summary>Relaxed or release store of a value that remembers where it comes from: a dependency of data.</summary>
    void StoreTracked(ref ulong word, TrackedValue value, AccessOrder order = AccessOrder.Relaxed)
    {
        if (order == AccessOrder.Relaxed) StoreRelaxed(ref word, value.Value);
        else Store(ref word, value.Value);
    }

    /// <summary>The same into the word at an address that was computed.</summary>
    // SAFETY: as for the load.
    unsafe void StoreTracked(TrackedValue address, TrackedValue value, AccessOrder order = AccessOrder.Relaxed) =>
        StoreTracked(ref *(ulong*)address.Value, value, order);

    /// <summary>One turn of a spin loop (cpu_relax).</summary>
    void Relax(ref Backoff backoff);

    void EnterShared(MmuLock mmuLock);

    void ExitShared(MmuLock mmuLock);

    void EnterExclusive(MmuLock mmuLock);

    void ExitExclusive(MmuLock mmuLock);

    /// <summary>Leaves a lock that others wait for, lets them in, and comes back as a reader
    /// (cond_resched_rwlock_read).</summary>
    void YieldShared(MmuLock mmuLock)
    {
        ExitShared(mmuLock);
        EnterShared(mmuLock);
    }

    /// <summary>As <see cref="YieldShared"/>, for a writer.</summary>
    void YieldExclusive(MmuLock mmuLock)
    {
        ExitExclusive(mmuLock);
        EnterExclusive(mmuLock);
    }

    /// <summary>True if somebody waits for the lock in either mode (rwlock_needbreak). A hint: may be outdated when it
    /// returns.</summary>
    bool IsContended(MmuLock mmuLock);

    void Enter(TicketLock spinLock);

    void Exit(TicketLock spinLock);

    void Enter(SleepingLock mutex);

    void Exit(SleepingLock mutex);

    void EnterShared(RwSemaphore semaphore);

    void ExitShared(RwSemaphore semaphore);

    void EnterExclusive(RwSemaphore semaphore);

    void ExitExclusive(RwSemaphore semaphore);

    /// <summary>Takes the semaphore from whoever holds it; true if somebody did. Nobody waits for it, and nobody who holds it
    /// will leave.</summary>
    bool Reinitialise(RwSemaphore semaphore);

    /// <summary>Sleeps while the word has the value; may return early (wait_event, one turn). Whoever changes the word says so by
    /// <see cref="Wake"/>. Hold no spin lock. <paramref name="what"/> is waited for, in words, for the report of a
    /// hang.</summary>
    void AwaitChange(ref ulong word, ulong value, string what);

    /// <summary>Wakes who sleeps in <see cref="AwaitChange"/> on the word, after it was changed.</summary>
    void Wake(ref ulong word);

    /// <summary>Enters a read-side section of <paramref name="rcu"/>. Sections nest.</summary>
    void EnterRcu(Rcu rcu);

    void ExitRcu(Rcu rcu);

    /// <summary>Returns after every read-side section that was open when it was called has ended.</summary>
    void Synchronize(Rcu rcu);

    /// <summary>Hands a native node to the reclaimer, which frees it after a grace period (call_rcu). Never blocks.</summary>
    void CallRcu(Rcu rcu, nint node, RcuKind kind);

    /// <summary>Returns after every callback handed over before it has run (rcu_barrier).</summary>
    void Barrier(Rcu rcu);

    /// <summary>Queues <paramref name="root"/> on <paramref name="queue"/>; false if it was queued already and has not
    /// started.</summary>
    bool Queue(WorkQueue queue, TdpRoot root);

    /// <summary>Returns when every item queued before the call has finished (flush_workqueue). Hold no MMU lock.</summary>
    void Flush(WorkQueue queue);

    /// <summary>Makes every running vCPU thread pass a full fence: the interrupt that a request travels by
    /// (membarrier).</summary>
    void InterruptVcpus();

    /// <summary>Waits about this long: a knob that widens a window, never a synchronisation.</summary>
    void Dally(long nanoseconds);

    /// <summary>Nanoseconds on the machine's monotonic clock. Not ordered with loads that are under way: two stamps of one thread
    /// never go backwards, those of two threads may lie the wrong way round by what a processor has in flight.</summary>
    long Timestamp();

    /// <summary>Nanoseconds that the caller has had a core: the same at two moments between which it only waited for one. A
    /// system call on metal. Where nobody ever waits for a core, as <see cref="Timestamp"/>.</summary>
    long ThreadTime();

    /// <summary>Who executes this code: a thread, or whoever has the turn on a machine that runs all on one.</summary>
    Actor Actor { get; }

    /// <summary>From now on the caller takes part under this name.</summary>
    Actor Enter(string name);

    /// <summary>The caller takes part no longer: its events can no longer be read.</summary>
    void Leave();
}
