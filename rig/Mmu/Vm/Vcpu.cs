namespace Lab.Mmu;

/// <summary>Why a vCPU left the guest.</summary>
public enum VcpuExitReason : byte
{
    /// <summary>It did what it was asked to do.</summary>
    Done,

    /// <summary>A request must be served before it may enter again.</summary>
    Request,

    /// <summary>A frame was not mapped, or not for writing.</summary>
    Fault,
}

/// <summary>An exit from the guest: what <see cref="Vcpu{TMachine}.Run"/> returns and <see cref="Vcpu{TMachine}.Serve"/> takes.
/// It fits two registers.</summary>
/// <param name="Gfn">With a fault: the frame.</param>
/// <param name="Reason">Why.</param>
/// <param name="Write">With a fault: the access was a write.</param>
public readonly record struct VcpuExit(Gfn Gfn, VcpuExitReason Reason, bool Write)
{
    public static VcpuExit Done => default;

    public static VcpuExit Request => new(default, VcpuExitReason.Request, Write: false);

    public bool IsDone => Reason == VcpuExitReason.Done;

    public static VcpuExit Fault(Gfn gfn, bool write) => new(gfn, VcpuExitReason.Fault, write);
}

/// <summary>What came of serving an exit.</summary>
public enum ExitOutcome
{
    /// <summary>The fault was resolved.</summary>
    Fixed,

    /// <summary>The fault must be taken again.</summary>
    Retry,

    /// <summary>There is no memslot there, or it is read-only: user space would emulate the access. It is skipped.</summary>
    Mmio,

    /// <summary>The old root was put and a root loaded.</summary>
    Reloaded,

    /// <summary>Out of table pages; the access is skipped.</summary>
    NoMemory,
}

/// <summary>A virtual CPU: a root it holds a reference to, a software TLB, pending requests. Driven by one thread:
/// <see cref="Run"/> is the guest, <see cref="Serve"/> the hypervisor.</summary>
/// <remarks>The vCPU enters without a root and without touching anything; the first exit loads one. Every root load flushes the
/// TLB (I22).</remarks>
public sealed partial class Vcpu<TMachine> : IDisposable
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;
    private readonly SoftTlb _tlb = new();

    /// <summary>The access that the guest is at, and whether it began it and has not made it: then it makes it again when it is
    /// back.</summary>
    private Gfn _gfn;
    private bool _write;
    private bool _pending;
    private RootRole _role = RootRole.Normal;
    private long _freedSeen;
    private long _protectedSeen;

    internal Vcpu(Vm<TMachine> vm, int index, TableCache tables, IVcpuCore? core)
    {
        _vm = vm;
        Index = index;
        Tables = tables;
        _core = core;
    }

    public int Index { get; }

    /// <summary>Root that the vCPU holds a reference to, or none.</summary>
    public TdpRoot Root { get; private set; }

    /// <summary>Table pages for faults; the vCPU's thread owns it.</summary>
    public TableCache Tables { get; }

    /// <summary>Which of the guest's address spaces it runs in: the role of the root that it loads.</summary>
    public RootRole Role => _role;

    private ref ulong RequestWord => ref _vm.Requests[Index];

    /// <summary>Runs the guest for at most so many accesses, or until it must leave. A core makes at most
    /// <see cref="IVcpuCore.Capacity"/> in one go.</summary>
    public VcpuExit Run(ref AccessPattern pattern, int accessesMax)
    {
        TMachine machine = _vm.Machine;
        ActorCounters counters = machine.Actor.Counters;
        ref ulong requests = ref RequestWord;
        // The entry path: whatever was asked for while the vCPU was out of the guest comes first.
        if (Root.IsNone || (machine.Load(ref requests) != 0 && !TryServeFlush(ref requests))) return VcpuExit.Request;
        if (_core is { } core) return RunOnCore(core, ref pattern, accessesMax);
        for (int done = 0; done < accessesMax;)
        {
            if (!_pending) pattern.Next(out _gfn, out _write);
            _pending = true;
            if (!_tlb.TryGet(_gfn, _write, out ulong spte))
            {
                counters.TlbMisses++;
                // An interrupt waits for the processor's walk to end; a thread can lose its core in the middle of one. The
                // section keeps the tables it stands on from becoming something else meanwhile.
                machine.EnterRcu(_vm.Rcu);
                WalkOutcome walk = _vm.Walk(Root, _gfn, _write, out spte);
                machine.ExitRcu(_vm.Rcu);
                if (walk != WalkOutcome.Ok)
                {
                    // A request that arrived meanwhile explains whatever was read: the access is discarded.
                    if (machine.Load(ref requests) != 0 && !TryServeFlush(ref requests)) return VcpuExit.Request;
                    if (walk == WalkOutcome.FreedTable) ReportFreedTable();
                    return VcpuExit.Fault(_gfn, _write);
                }
                _tlb.Insert(_gfn, spte);
            }

            FrameStamp stamp = new(machine.Load(ref FrameStamp.At(new Hva(Spte.Address(spte)))));
            // The order of these two loads is the guest's side of VcpuRequests.
            if (machine.Load(ref requests) != 0)
            {
                // Discarded, so made again: it does not count.
                if (TryServeFlush(ref requests)) continue;
                return VcpuExit.Request;
            }
            if (stamp.Slot == FrameStamp.FreedSlot) ReportStale($"read gfn {_gfn} through {Root} and found a frame {stamp}");
            if (_write) Write(new Hva(Spte.Address(spte)), stamp.Word);
            counters.Accesses++;
            done++;
            _pending = false;
        }
        return VcpuExit.Done;
    }

    /// <summary>Does what the exit asks for. One fault, or one reload.</summary>
    public ExitOutcome Serve(VcpuExit exit) => exit.Reason == VcpuExitReason.Fault ? ServeFault(exit) : ServeRequests();

    /// <summary>Switches to another address space: puts the root and loads the one for the role (SMM entry and exit, a flip of
    /// CR0.WP).</summary>
    public ExitOutcome SwitchRole(RootRole role)
    {
        Unload();
        _role = role;
        return LoadRoot() ? ExitOutcome.Reloaded : ExitOutcome.NoMemory;
    }

    /// <summary>Puts the root, under the hold that the strategy's source uses or the settings say.</summary>
    public void Unload()
    {
        if (Root.IsNone) return;
        TdpRoot root = Root;
        Root = TdpRoot.None;
        if (_vm.LoadsRootsShared)
        {
            SharedHold hold = _vm.EnterShared();
            _vm.Strategy.Put(root, hold);
            _vm.Exit(hold);
        }
        else
        {
            ExclusiveHold hold = _vm.EnterExclusive();
            _vm.Strategy.Put(root, hold);
            _vm.Exit(hold);
        }
    }

    /// <summary>Puts the root if the vCPU has one, and gives its tables back.</summary>
    public void Destroy()
    {
        Unload();
        Tables.Drain();
    }

    /// <summary>Looks once at every frame that the TLB holds a translation of, if any was freed since the last look: a processor
    /// may use what it has cached before the guest does (I21). For the vCPU's thread, out of the guest.</summary>
    public void CheckCached()
    {
        CheckWritable();
        long freed = _vm.Memory.Freed;
        if (freed == _freedSeen) return;
        _freedSeen = freed;
        for (int place = 0; place < SoftTlb.Places; place++)
        {
            if (!_tlb.TryGetAt(place, out Gfn gfn, out ulong spte)) continue;
            FrameStamp stamp = new(_vm.Machine.Load(ref FrameStamp.At(new Hva(Spte.Address(spte)))));
            // As after an access: what is to be forgotten at the next entry may be stale.
            if (stamp.Slot != FrameStamp.FreedSlot || _vm.Machine.Load(ref RequestWord) != 0) continue;
            ReportStale($"has gfn {gfn} cached on {Root}, in a frame {stamp}");
            return;
        }
    }

    /// <summary>Looks at every cached translation that allows writing, if anything was write-protected since the last look: its
    /// frame is in the dirty log, or a write through it would not be (I21).</summary>
    private void CheckWritable()
    {
        long sequence = _vm.DirtyLog.Sequence;
        if (sequence == _protectedSeen || (sequence & 1) != 0) return;
        _protectedSeen = sequence;
        for (int place = 0; place < SoftTlb.Places; place++)
        {
            const ulong MayBeWritten = Spte.Writable | Spte.Dirty;
            if (!_tlb.TryGetAt(place, out Gfn gfn, out ulong spte) || (spte & MayBeWritten) != MayBeWritten) continue;
            if (!_vm.DirtyLog.IsClean(gfn) || _vm.Machine.Load(ref RequestWord) != 0) continue;
            // Whoever has begun to write-protect since has yet to flush.
            if (_vm.DirtyLog.Sequence != sequence) return;
            ReportStale($"may write gfn {gfn}, cached on {Root}, which was write-protected and is not in the dirty log");
            return;
        }
    }

    /// <summary>The translation that the TLB holds for the frame, or zero.</summary>
    internal ulong Cached(Gfn gfn) => _tlb.TryGet(gfn, write: false, out ulong spte) ? spte : 0;

    /// <summary>Changes whenever the TLB forgets.</summary>
    internal ulong TlbEpoch => _tlb.Epoch;

    public void Dispose()
    {
        _core?.Dispose();
        _tlb.Dispose();
    }

    private ExitOutcome ServeRequests()
    {
        ulong served = _vm.Machine.Exchange(ref RequestWord, 0);
        if ((served & VcpuRequests.FlushTlb) != 0) _tlb.Flush();
        // kvm_mmu_free_obsolete_roots: only a root that is obsolete is put.
        if (!Root.IsNone && _vm.Strategy.IsInvalid(Root)) Unload();
        if (Root.IsNone && !LoadRoot()) return ExitOutcome.NoMemory;
        return ExitOutcome.Reloaded;
    }

    private bool LoadRoot() => TryLoadRoot() || AwaitMemory();

    /// <summary>Memory is short because roots are thrown away faster than they are torn down. A kernel would make the allocating
    /// thread wait for reclaim; here it naps, so that whoever tears down gets the lock and the processor. Always false.</summary>
    private bool AwaitMemory()
    {
        Actor actor = _vm.Machine.Actor;
        actor.Counters.AllocationStalls++;
        actor.BeginWait("memory for page tables", _vm.Machine.Timestamp());
        Backoff nap = Backoff.Napping;
        _vm.Machine.Relax(ref nap);
        actor.EndWait(_vm.Machine.Timestamp());
        return false;
    }

    private bool TryLoadRoot()
    {
        if (!Tables.TopUp()) return false;
        TdpRoot loaded;
        if (_vm.LoadsRootsShared)
        {
            SharedHold hold = _vm.EnterShared();
            loaded = _vm.Strategy.GetVcpuRoot(this, _role, hold);
            _vm.Exit(hold);
        }
        else
        {
            ExclusiveHold hold = _vm.EnterExclusive();
            loaded = _vm.Strategy.GetVcpuRoot(this, _role, hold);
            _vm.Exit(hold);
        }
        if (_vm.Mmu.LoadsFlush) _tlb.Flush();
        Root = loaded;
        if (Root.IsNone) return false;
        _vm.CheckRole(Root, _role);
        _vm.Machine.Actor.Counters.RootLoads++;
        _vm.Record(MmuEventKind.RootLoad, Root, (long)_vm.Machine.LoadRelaxed(ref Root.Count));
        return true;
    }

    private ExitOutcome ServeFault(VcpuExit exit)
    {
        if (!Tables.TopUp() && !AwaitMemory()) return Skip(ExitOutcome.NoMemory);
        ExitOutcome outcome = _vm.HandleFault(this, exit.Gfn, exit.Write);
        return outcome is ExitOutcome.Mmio or ExitOutcome.NoMemory ? Skip(outcome) : outcome;
    }

    private ExitOutcome Skip(ExitOutcome outcome)
    {
        _pending = false;
        if (_core is { } core) SkipAccess(core);
        return outcome;
    }

    /// <summary>Serves a flush inside the run loop, as the entry path of the kernel does; false if there is more to
    /// serve.</summary>
    private bool TryServeFlush(ref ulong requests)
    {
        if (_vm.Machine.CompareExchange(ref requests, 0, VcpuRequests.FlushTlb) != VcpuRequests.FlushTlb) return false;
        _tlb.Flush();
        _vm.Machine.Actor.Counters.TlbFlushes++;
        return true;
    }

    /// <summary>The guest's own store: one word per vCPU, on its own cache line of the frame.</summary>
    private void Write(Hva page, ulong value) => Volatile.Write(ref FrameStamp.At(page + (ulong)(64 * (1 + Index % 63))), value);

    private void ReportStale(string what)
    {
        _vm.Machine.Actor.Counters.StaleAccesses++;
        _vm.Oracle.Report(Invariants.I21, $"vcpu{Index} {what}: stale translation", Root.Id);
    }

    private void ReportFreedTable() =>
        _vm.Oracle.Report(Invariants.I3, $"vcpu{Index} walked {Root} at gfn {_gfn} and read a freed table", Root.Id);
}
