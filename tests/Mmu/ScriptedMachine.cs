using Lab.Mmu;

namespace Lab.Tests.Mmu;

/// <summary>What a test makes happen at chosen points of a run on <see cref="ScriptedMachine"/>.</summary>
internal sealed class Script
{
    private readonly Dictionary<PausePoint, Action> _at = [];
    private readonly List<nint> _heldBack = [];
    private int _interrupts;

    /// <summary>What the lock is said to be; null asks the lock.</summary>
    public Func<bool>? Contended { get; set; }

    public Action? BeforeEnterShared { get; set; }

    public Action? BeforeEnterExclusive { get; set; }

    public Action? BeforeExitExclusive { get; set; }

    public Action? AfterQueue { get; set; }

    public Action? AfterExitShared { get; set; }

    public Action? BeforeLook { get; set; }

    /// <summary>Called before a compare-and-exchange, with what is there and what is to be there: a race lost at will.</summary>
    public Action<ulong, ulong>? BeforeCompareExchange { get; set; }

    /// <summary>The fault of a hypervisor that forgets to make its vCPUs reload.</summary>
    public bool LosesReloadRequests { get; set; }

    /// <summary>Table pages are not handed to the reclaimer until <see cref="HandOverTables"/>: only roots are.</summary>
    public bool HoldsBackTables { get; set; }

    /// <summary>Interrupts sent to the vCPUs so far: one per remote flush or request.</summary>
    public int Interrupts => Volatile.Read(ref _interrupts);

    /// <summary>Settings under which each pause point calls this script: the length of the pause is the number of the
    /// point.</summary>
    public static IReadOnlyDictionary<PausePoint, long> EveryPause { get; } =
        Enum.GetValues<PausePoint>().ToDictionary(point => point, point => 1 + (long)point);

    /// <summary>Does the work once, the next time that the point is passed.</summary>
    public void Once(PausePoint point, Action work) => _at[point] = () =>
    {
        _at.Remove(point);
        work();
    };

    public void HandOverTables(Rcu rcu)
    {
        HoldsBackTables = false;
        foreach (nint table in _heldBack) rcu.Call(table, RcuKind.TablePage);
        _heldBack.Clear();
    }

    internal bool HoldsBack(nint node, RcuKind kind)
    {
        if (!HoldsBackTables || kind != RcuKind.TablePage) return false;
        _heldBack.Add(node);
        return true;
    }

    internal void Interrupt() => Interlocked.Increment(ref _interrupts);

    internal void Pass(long pause)
    {
        if (_at.TryGetValue((PausePoint)(pause - 1), out Action? work)) work();
    }
}

/// <summary><see cref="Metal"/> with a script: the same atomics, locks and grace periods, and a test's own doing at pauses, at
/// locks and at the question whether the lock is contended. So a race is laid down instead of hoped for.</summary>
internal readonly struct ScriptedMachine(Script script) : IMachine
{
    private static Metal Metal => default;

    public ulong Load(ref ulong word) => Metal.Load(ref word);

    public ulong LoadRelaxed(ref ulong word) => Metal.LoadRelaxed(ref word);

    public void Store(ref ulong word, ulong value) => Metal.Store(ref word, value);

    public ulong LoadPlain(ref ulong word) => Metal.LoadPlain(ref word);

    public void StoreRelaxed(ref ulong word, ulong value) => Metal.StoreRelaxed(ref word, value);

    public ulong Exchange(ref ulong word, ulong value) => Metal.Exchange(ref word, value);

    public ulong CompareExchange(ref ulong word, ulong value, ulong comparand)
    {
        script.BeforeCompareExchange?.Invoke(comparand, value);
        return Metal.CompareExchange(ref word, value, comparand);
    }

    public ulong Add(ref ulong word, ulong addend) => Metal.Add(ref word, addend);

    public ulong Or(ref ulong word, ulong bits) =>
        script.LosesReloadRequests && bits == VcpuRequests.FreeObsoleteRoots ? word : Metal.Or(ref word, bits);

    public ulong And(ref ulong word, ulong bits) => Metal.And(ref word, bits);

    public void FullFence() => Metal.FullFence();

    public void Relax(ref Backoff backoff) => Metal.Relax(ref backoff);

    public void EnterShared(MmuLock mmuLock)
    {
        script.BeforeEnterShared?.Invoke();
        Metal.EnterShared(mmuLock);
    }

    public void ExitShared(MmuLock mmuLock)
    {
        Metal.ExitShared(mmuLock);
        script.AfterExitShared?.Invoke();
    }

    public void EnterExclusive(MmuLock mmuLock)
    {
        script.BeforeEnterExclusive?.Invoke();
        Metal.EnterExclusive(mmuLock);
    }

    public void ExitExclusive(MmuLock mmuLock)
    {
        script.BeforeExitExclusive?.Invoke();
        Metal.ExitExclusive(mmuLock);
    }

    public bool IsContended(MmuLock mmuLock) => script.Contended?.Invoke() ?? Metal.IsContended(mmuLock);

    public void Enter(TicketLock spinLock) => Metal.Enter(spinLock);

    public void Exit(TicketLock spinLock) => Metal.Exit(spinLock);

    public void Enter(SleepingLock mutex) => Metal.Enter(mutex);

    public void Exit(SleepingLock mutex) => Metal.Exit(mutex);

    public void EnterShared(RwSemaphore semaphore) => Metal.EnterShared(semaphore);

    public void ExitShared(RwSemaphore semaphore) => Metal.ExitShared(semaphore);

    public void EnterExclusive(RwSemaphore semaphore) => Metal.EnterExclusive(semaphore);

    public void ExitExclusive(RwSemaphore semaphore) => Metal.ExitExclusive(semaphore);

    public bool Reinitialise(RwSemaphore semaphore) => Metal.Reinitialise(semaphore);

    public void AwaitChange(ref ulong word, ulong value, string what) => Metal.AwaitChange(ref word, value, what);

    public void Wake(ref ulong word) => Metal.Wake(ref word);

    public void EnterRcu(Rcu rcu) => Metal.EnterRcu(rcu);

    public void ExitRcu(Rcu rcu) => Metal.ExitRcu(rcu);

    public void Synchronize(Rcu rcu) => Metal.Synchronize(rcu);

    public void CallRcu(Rcu rcu, nint node, RcuKind kind)
    {
        if (!script.HoldsBack(node, kind)) Metal.CallRcu(rcu, node, kind);
    }

    public void Barrier(Rcu rcu) => Metal.Barrier(rcu);

    public bool Queue(WorkQueue queue, TdpRoot root)
    {
        bool queued = Metal.Queue(queue, root);
        script.AfterQueue?.Invoke();
        return queued;
    }

    public void Flush(WorkQueue queue) => Metal.Flush(queue);

    public void InterruptVcpus()
    {
        script.Interrupt();
        Metal.InterruptVcpus();
    }

    public void Dally(long nanoseconds) => script.Pass(nanoseconds);

    public long Timestamp() => Metal.Timestamp();

    public long ThreadTime() => Metal.ThreadTime();

    public Actor Actor => Metal.Actor;

    public Actor Enter(string name) => Metal.Enter(name);

    public void Leave() => Metal.Leave();
}
