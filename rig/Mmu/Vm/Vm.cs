using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>A virtual machine as its MMU sees it: page tables, roots, memslots, vCPUs and the locks between them. What differs
/// between strategies is behind <see cref="Strategy"/>, <see cref="Notifier"/> and <see cref="Ageing"/>.</summary>
/// <remarks>Lock order, outermost first: slots_lock, SRCU, mmu_lock, tdp_mmu_pages_lock; page-table RCU sections nest inside
/// mmu_lock. A grace period is never awaited under mmu_lock.</remarks>
public sealed unsafe partial class Vm<TMachine> : IDisposable
    where TMachine : struct, IMachine
{
    private readonly Vcpu<TMachine>[] _vcpus;
    private readonly List<WorkQueue> _queues = [];

    private const int WordBlockBytes = 4096;
    private readonly NativeBlock _wordBlock = new(WordBlockBytes);
    private readonly ulong* _dying;

    /// <summary>Set if leafs are large, and slots that log need others.</summary>
    private readonly ILargeLeafs? _large;
    private long _tablePagesLeft;

    /// <summary>Makes a VM without memslots, its vCPUs without roots.</summary>
    /// <param name="machine">How its code executes.</param>
    /// <param name="settings">Sizes and policies.</param>
    /// <param name="design">What it is built from.</param>
    /// <exception cref="InsufficientMemoryException">The arena could not be reserved.</exception>
    public Vm(TMachine machine, VmSettings settings, VmDesign<TMachine> design)
    {
        // SAFETY: the word lies in the block that this VM owns.
        _dying = (ulong*)_wordBlock.Address;
        Machine = machine;
        Oracle = new Oracle(machine);
        Settings = settings;
        Requests = new VcpuRequests(settings.Vcpus);
        Mmu = design.Mmu is { } mmu ? mmu(this)
            : new RadixMmu<TMachine, FourLevels>(machine, settings, MmuLock, Requests, Oracle);
        _radix = Mmu as RadixMmu<TMachine, FourLevels>;
        IHardwareMmu? hardware = Mmu as IHardwareMmu;
        Memory = new GuestMemory<TMachine>(machine);
        Slots = hardware?.SlotKernel is { } kernel
            ? new KernelSlots<TMachine>(this, hardware, kernel)
            : new LabSlots<TMachine>(this, (IGuestMemory?)hardware ?? Memory);
        Roots = new RootList<TMachine>(machine, settings.InsertAtTail);
        Strategy = design.Roots(this);
        if (settings.RootLoad == RootLoad.Shared && !Strategy.LoadsRootsShared)
        {
            throw new NotSupportedException($"{Strategy.GetType().Name} loads and puts roots under the exclusive hold alone.");
        }
        LoadsRootsShared = Strategy.LoadsRootsShared && settings.RootLoad != RootLoad.Exclusive;
        Notifier = design.Notifier(this);
        Ageing = design.Ageing(this);
        DirtyLog = design.DirtyLog is { } log ? log(this) : new DirtyBitmaps<TMachine>(this);
        _large = settings.LeafLevel > Spte.LeafLevel ? Mmu as ILargeLeafs : null;
        Huge = design.Huge is { } huge ? huge(this) : new HugePages<TMachine>(this);
        Lockless = design.Lockless is { } lockless ? lockless(this) : new LocklessFaults<TMachine>(this);
        Recovery = design.Recovery is { } recovery ? recovery(this) : new NxRecovery<TMachine>(this);
        if (Ageing.Leafs is { } leafs)
        {
            IAccessedBits bits = Mmu as IAccessedBits
                ?? throw new NotSupportedException($"The leafs of {Mmu.Name} are the kernel's: nobody can be told of them.");
            bits.TellOfLeafs(leafs);
            FaultsExclusively = true;
        }
        _isBuilt = true;
        _vcpus = new Vcpu<TMachine>[settings.Vcpus];
        for (int index = 0; index < _vcpus.Length; index++)
        {
            _vcpus[index] = new Vcpu<TMachine>(this, index, Mmu.NewCache(), hardware?.NewCore(index, Requests.AddressOf(index)));
        }
    }

    public TMachine Machine { get; }

    public VmSettings Settings { get; }

    public IMmu Mmu { get; }

    /// <summary>Domain of page tables and of the list of roots.</summary>
    public Rcu Rcu => Mmu.Rcu;

    public MmuLock MmuLock { get; } = new();

    public SleepingLock SlotsLock { get; } = new("slots_lock");

    public RootList<TMachine> Roots { get; }

    public RootStrategy<TMachine> Strategy { get; }

    /// <summary>Whether vCPUs load and put roots under the shared hold: the strategy may, and the settings do not say
    /// otherwise.</summary>
    public bool LoadsRootsShared { get; }

    public MmuNotifier<TMachine> Notifier { get; }

    public Ageing<TMachine> Ageing { get; }

    /// <summary>What becomes of large leafs as logging begins and ends.</summary>
    public HugePages<TMachine> Huge { get; }

    /// <summary>What faults do without mmu_lock.</summary>
    public LocklessFaults<TMachine> Lockless { get; }

    /// <summary>True if leafs are on chains, which are told of one leaf at a time.</summary>
    internal bool FaultsExclusively { get; }

    public NxRecovery<TMachine> Recovery { get; }

    public DirtyBitmaps<TMachine> DirtyLog { get; }

    public Oracle Oracle { get; }

    public VcpuRequests Requests { get; }

    public GuestMemory<TMachine> Memory { get; }

    public SlotPipeline<TMachine> Slots { get; }

    /// <summary><see cref="SlotPipeline{TMachine}.Published"/>, where plugins of earlier versions look for it.</summary>
    public MemslotArray Memslots => Slots.Published;

    public IReadOnlyList<Vcpu<TMachine>> Vcpus => _vcpus;

    /// <summary>The strategy's work queues.</summary>
    public IReadOnlyList<WorkQueue> WorkQueues => _queues;

    /// <summary>True from the moment the last reference to the VM is gone (kernel: users_count is zero).</summary>
    public bool IsDying => Machine.Load(ref *_dying) != 0;

    /// <summary>Table pages that were still in use when the VM had been destroyed; zero in a sound run.</summary>
    public long TablePagesLeft => _tablePagesLeft;

    public SharedHold EnterShared()
    {
        Machine.EnterShared(MmuLock);
        return default;
    }

    public void Exit(SharedHold hold) => Machine.ExitShared(MmuLock);

    public ExclusiveHold EnterExclusive()
    {
        Machine.EnterExclusive(MmuLock);
        return default;
    }

    public void Exit(ExclusiveHold hold) => Machine.ExitExclusive(MmuLock);

    /// <summary>Makes a work queue whose items are roots, with the number of threads that the settings say.</summary>
    public WorkQueue NewWorkQueue(string name, Action<TdpRoot> work)
    {
        WorkQueue queue = new(new WorkQueueSettings(name, Settings.Workers, Settings.WorkerNice), root =>
        {
            MmuEvent start = OnEntry(MmuEventKind.ExecuteStart, root);
            Machine.Actor.Events.Record(start);
            work(root);
            // Of the root only its number: the work may have freed it.
            Machine.Record(MmuEventKind.ExecuteEnd, start.RootId, invalid: true);
        });
        _queues.Add(queue);
        return queue;
    }

    /// <summary>Queues the root and records it; false, and nothing is recorded, if it was queued already.</summary>
    public bool Queue(WorkQueue queue, TdpRoot root)
    {
        MmuEvent entry = OnEntry(MmuEventKind.Queue, root);
        if (!Machine.Queue(queue, root)) return false;
        Machine.Actor.Events.Record(entry);
        return true;
    }

    /// <summary>Told of each reference that goes to nobody in particular; null for nobody, as on metal.</summary>
    internal Action<TdpRoot>? ReferenceHandedOver { get; set; }

    /// <summary>Told of each look of an oracle that depends on what others do: which, the root, and what it is about. Null for
    /// nobody, as on metal.</summary>
    internal Action<OracleLook, TdpRoot, ulong>? Looked { get; set; }

    /// <summary>As <see cref="Queue"/>, where what the reference goes to is no queue.</summary>
    internal void HandOver(TdpRoot root)
    {
        Machine.Actor.Events.Record(OnEntry(MmuEventKind.Queue, root));
        ReferenceHandedOver?.Invoke(root);
    }

    /// <summary>Dallies if the settings ask for it at this point.</summary>
    public void Pause(PausePoint point)
    {
        if (Settings.PauseNanoseconds.TryGetValue(point, out long nanoseconds)) Machine.Dally(nanoseconds);
    }

    /// <summary>What a probe on entry sees (the kernel's traces have such). Recorded after a step that gives the root away — a
    /// put, a queueing — it neither reads a root that others may have freed meanwhile nor lies after what they did with
    /// it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal MmuEvent OnEntry(MmuEventKind kind, TdpRoot root, bool shared = false) =>
        new(Machine.Timestamp(), root.Id, (long)root.Count, 0, kind, 0, shared, (root.Role & RootRole.Invalid) != 0);

    public void Record(MmuEventKind kind, TdpRoot root, long count, bool shared = false)
    {
        if (root.IsNone) Machine.Record(kind, 0, count, shared: shared);
        else Machine.Record(kind, root.Id, count, shared: shared, invalid: (root.Role & RootRole.Invalid) != 0);
    }

    internal void Record(MmuEventKind kind, ulong detail) => Machine.Record(kind, detail: detail);

    /// <summary>Ends the VM: everything is zapped, the notifier goes, the vCPUs put their roots, the strategy ends, and every
    /// deferred free has run on return. All actors must have stopped. What is left over is reported (I16).</summary>
    /// <remarks>Order of the kernel: kvm_mmu_zap_all as the notifier is unregistered, the VM's own slots, vCPU unload,
    /// kvm_mmu_uninit_tdp_mmu, rcu_barrier.</remarks>
    public void Destroy() => Destroy(endsMissing: false);

    /// <summary>As <see cref="Destroy()"/>.</summary>
    /// <param name="endsMissing">The notifier is unregistered between a start and its end: some ends never came.</param>
    internal void Destroy(bool endsMissing)
    {
        Record(MmuEventKind.DestroyStart, 0);
        Strategy.AwaitVmReferences();
        Machine.Store(ref *_dying, 1);
        ExclusiveHold hold = EnterExclusive();
        Strategy.ZapAll(hold);
        Exit(hold);
        if (!endsMissing && Notifier.LeftInProgress is { } open and not 0)
        {
            Oracle.Report(Invariants.I23, $"{open} are in progress at destroy, and every start has had its end", 0);
        }
        Notifier.Release();
        Slots.Release();
        foreach (Vcpu<TMachine> vcpu in _vcpus) vcpu.Destroy();
        Huge.Destroy();
        Strategy.Destroy();
        CheckRootsGone();
        Machine.Barrier(Rcu);
        _tablePagesLeft = Mmu.TablePages;
        if (_tablePagesLeft != 0)
        {
            Oracle.Report(Invariants.I16, $"{_tablePagesLeft} table pages are still in use after the last grace period", 0);
        }
        if (!MmuLock.IsFree) Oracle.Report(Invariants.I16, "mmu_lock is held", 0);
        if (Strategy.SelfCheck() is { } complaint) Oracle.Report(Invariants.I16, complaint, 0);
        Record(MmuEventKind.DestroyEnd, 0);
    }

    public void Dispose()
    {
        Strategy.Dispose();
        Mmu.Dispose();
        Roots.Dispose();
        Requests.Dispose();
        Memory.Dispose();
        foreach (Vcpu<TMachine> vcpu in _vcpus) vcpu.Dispose();
        Slots.Dispose();
        MmuLock.Dispose();
        Notifier.Dispose();
        Ageing.Dispose();
        DirtyLog.Dispose();
        _wordBlock.Dispose();
    }

    private void CheckRootsGone()
    {
        for (TdpRoot root = Roots.First; !root.IsNone; root = Roots.After(root))
        {
            Oracle.Report(Invariants.I16,
                $"{root} is listed with reference count {(long)root.Count}: a reference was leaked", root.Id);
            if (Oracle.Count > 100) break;
        }
    }
}
