using Lab.Explorer.Agents;
using Lab.Explorer.Model;
using Lab.Explorer.Scenarios;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Strategies;

/// <summary>A strategy on a scenario, ready to be executed again and again: each time a new VM at the same addresses, set up on
/// one thread, then the scenario's threads, the strategy's workers and, at the end, the destroyer as agents.</summary>
internal sealed unsafe class StrategyProgram : IDisposable
{
    // SAFETY: the address of a request word is compared, never followed.
    private readonly VmDesign<Explored> _design;
    private readonly Scenario _scenario;
    private readonly VmSettings _settings;
    private readonly NativeBlockPool? _place;
    private readonly NativeBlockPool _pool;
    private readonly SmallMemory _memory;
    private readonly ModelShape _shape;
    private readonly ulong _pieceFrames;
    private readonly Dictionary<string, SleepingLock> _hostLocks = [];
    private Vm<Explored>? _vm;
    private string? _at;
    private long _setUps;

    public StrategyProgram(VmDesign<Explored> design, Scenario scenario, StrategySettings settings, int cpu)
    {
        _design = design with { Mmu = NewMmu };
        _scenario = scenario;
        ulong frames = scenario.Slots.Max(slot => slot.Range.End.Value);
        _shape = settings.Shape ?? ModelShape.For(scenario.Levels, frames);
        // The host takes large pages whole.
        ulong page = scenario.LargePages ? _shape.FramesPerEntry((int)Spte.LeafLevel + 1) : 1;
        _pieceFrames = page * (1 + frames / page / (GuestMemory<Explored>.PiecesOfSlotMax + 1));
        _settings =
            new VmSettings
            {
                Vcpus = scenario.Vcpus, MemoryBytes = (long)Math.Max(512, frames) << 12, InsertAtTail = settings.InsertAtTail,
                ReadersFirst = scenario.ReadersFirst, PreChecks = scenario.PreChecks,
                FastFaults = scenario.FastFaults, CachesMmio = scenario.CachesMmio,
                SharesMemory = scenario.Slots.Any(slot => slot.Shares is not null),
                LeafLevel = scenario.LargePages ? Spte.LeafLevel + 1 : Spte.LeafLevel, GracePeriodMin = TimeSpan.Zero,
            };
        // States of a part are put together with those of others, which come to them by running; and addresses in them are to be
        // the same.
        CanRecall = settings is { Recalls: true, IsSample: false, Part: null, GlueFastZap: false, Shape: null }
            && settings.Model == MemoryModel.Sc && !_settings.SharesMemory && _shape is { Entries: <= 16, Frames: <= 64 }
            && !scenario.Threads.Any(actor => actor.Actions.Any(action => action is AgeAction or TestAction or RecoverAction));
        if (settings.Part is not null) _place = SamePlace.Take();
        NativeBlock.ComeFrom(_place);
        try
        {
            Agents = new AgentController(cpu, settings.Model)
                { GluesFastZap = settings.GlueFastZap, StepTimeout = settings.StepTimeout };
            _memory = new SmallMemory(Agents, _shape);
            _pool = new NativeBlockPool();
        }
        finally
        {
            NativeBlock.ComeFrom(null);
        }
        Watch = new RootWatch(Agents, _memory);
        Agents.Watch = Watch;
        Agents.NameWord = NameOf;
        Agents.NameValue = value => _vm?.Memory.FrameNameOf(value);
    }

    public AgentController Agents { get; }

    public RootWatch Watch { get; }

    public SmallMemory Memory => _memory;

    /// <summary>Told of each VM that is made; null for nobody.</summary>
    public VmFacts? Facts { get; set; }

    /// <summary>Agents' steps can be recalled: all that the watch looks at is in <see cref="VmFacts"/> or in words.</summary>
    public bool CanRecall { get; }

    public ulong Frames => _shape.Frames;

    public string ShapeText => $"{_shape.Levels} levels of {_shape.Entries} entries";

    /// <summary>Whose code runs to set up or take down a VM, in words; null while agents run. Any thread may look.</summary>
    public string? Place => Volatile.Read(ref _at);

    /// <summary>VMs made so far.</summary>
    public long SetUps => Volatile.Read(ref _setUps);

    /// <summary>One execution from the start.</summary>
    public ExecutionEnd Execute(IGuide guide)
    {
        Prepare();
        return Agents.Run(guide);
    }

    /// <summary>One execution, written down.</summary>
    public (ExecutionEnd End, IReadOnlyList<Step> Steps) Tell(IGuide guide)
    {
        Prepare();
        StoryTeller teller = new(Agents, _memory, Watch);
        Agents.Teller = teller;
        try
        {
            ExecutionEnd end = Agents.Run(guide);
            return (end, teller.Steps);
        }
        finally
        {
            Agents.Teller = null;
        }
    }

    public void Dispose()
    {
        _vm?.Dispose();
        Agents.Dispose();
        _memory.Dispose();
        _pool.Dispose();
        if (_place is not null) SamePlace.Return(_place);
    }

    /// <summary>Sets an execution up and starts nobody.</summary>
    public void Prepare()
    {
        SetUp();
        if (!Agents.NeedsProbe) return;
        Agents.Probe();
        SetUp();
    }

    /// <exception cref="StrategyThrewException">What the strategy's own code threw.</exception>
    private void SetUp()
    {
        try
        {
            Volatile.Write(ref _at, "the end of the VM before");
            Make();
        }
        catch (Exception error) when (error is not (ModelTooSmallException or ExecutionEndedException))
        {
            throw new StrategyThrewException(_at!, error);
        }
        finally
        {
            _setUps++;
            Volatile.Write(ref _at, null);
        }
    }

    private void Make()
    {
        Agents.EndRecall();
        _vm?.Dispose();
        _vm = null;
        _pool.Reset();
        _memory.Reset();
        Agents.Begin();
        Explored machine = new(Agents);
        NativeBlock.ComeFrom(_pool);
        Volatile.Write(ref _at, "the constructor");
        try
        {
            _vm = new Vm<Explored>(machine, _settings, _design);
        }
        finally
        {
            NativeBlock.ComeFrom(null);
        }
        Facts?.Follow(_vm);
        Agents.SetPublished(_vm.Slots.PublishedWord, _vm.SlotsLock);
        _vm.Memory.Divide(_pieceFrames);
        Watch.Begin(_vm);
        _hostLocks.Clear();
        _vm.Notifier.StartFrom(_scenario.Sequence);
        foreach (ScenarioSlot slot in _scenario.Slots)
        {
            if (!slot.IsAbsent) Create(slot);
        }
        foreach (ScenarioActor actor in _scenario.Before)
        {
            Volatile.Write(ref _at, $"what {actor.Name} does beforehand");
            Play(actor, null);
        }

        foreach (ScenarioActor actor in _scenario.Threads)
        {
            ScenarioActor played = actor;
            Agent? agent = null;
            agent = Agents.Add(actor.Name, () => Play(played, agent));
            agent.Vcpu = actor.Vcpu ?? -1;
        }
        foreach (WorkQueue queue in _vm.WorkQueues)
        {
            WorkQueue worked = queue;
            Agents.Add(_vm.WorkQueues.Count == 1 ? "worker" : $"{queue.Name} worker", () => Agents.Work(worked)).IsWorker = true;
        }
        if (_scenario.DestroysAtEnd)
        {
            Vm<Explored> vm = _vm;
            bool endsMissing = _scenario.EndsMissing;
            Agents.Add("destroyer", () =>
            {
                Agents.AwaitOthers();
                vm.Destroy(endsMissing);
            });
        }
        Watch.TakeStock();
    }

    private IMmu NewMmu(Vm<Explored> vm) => _shape.NewMmu(vm, Agents, _memory, Watch);

    private void Play(ScenarioActor actor, Agent? agent)
    {
        Vm<Explored> vm = _vm!;
        int number = 0;
        foreach (ScenarioAction action in actor.Actions)
        {
            if (agent is not null && number != 0) Agents.Collapse(agent, Kept(agent, number));
            number++;
            switch (action)
            {
                case TouchAction touch:
                    Touch(vm, vm.Vcpus[actor.Vcpu!.Value], touch);
                    break;
                case ReloadAction:
                    Switch(vm.Vcpus[actor.Vcpu!.Value], vm.Vcpus[actor.Vcpu!.Value].Role);
                    break;
                case SwitchAction turn:
                    Switch(vm.Vcpus[actor.Vcpu!.Value], turn.Role);
                    break;
                case UnloadAction:
                    vm.Vcpus[actor.Vcpu!.Value].Unload();
                    break;
                case ServeAction:
                    vm.Vcpus[actor.Vcpu!.Value].Serve(VcpuExit.Request);
                    break;
                case DeleteAction delete:
                    vm.Slots.Delete(_scenario.Slot(delete.Slot).Id);
                    break;
                case CreateAction create:
                    Create(_scenario.Slot(create.Slot));
                    break;
                case MoveAction move:
                    vm.Slots.Move(_scenario.Slot(move.Slot).Id, new Gfn(move.To));
                    break;
                case FlagsAction flags:
                    vm.Slots.SetFlags(_scenario.Slot(flags.Slot).Id, flags.Flags);
                    if (agent is not null) Watch.CheckTaken(agent);
                    break;
                case CollectAction collect:
                    vm.Slots.CollectDirty(_scenario.Slot(collect.Slot).Id);
                    if (agent is not null) Watch.CheckProtected();
                    break;
                case WriteProtectAction protect:
                    if (agent is not null && !protect.InvalidToo) Watch.BeginValidOnly(agent);
                    vm.WriteProtect(_scenario.Slot(protect.Slot).Range,
                        protect.InvalidToo ? RootFilter.All : RootFilter.ValidOnly);
                    if (agent is not null && !protect.InvalidToo) Watch.EndValidOnly(agent);
                    break;
                case UnmapAction unmap:
                    vm.Notifier.RangeStart(unmap.Range);
                    Take(unmap.Range, agent);
                    Watch.EndTaking(unmap.Range);
                    vm.Notifier.RangeEnd(unmap.Range);
                    break;
                case UnmapStartAction start:
                    vm.Notifier.RangeStart(start.Range);
                    Take(start.Range, agent);
                    break;
                case UnmapEndAction end:
                    Watch.EndTaking(end.Range);
                    vm.Notifier.RangeEnd(end.Range);
                    break;
                case ReapAction reap:
                    if (agent is not null) Agents.SetMayNotSleep(agent, true);
                    vm.Notifier.RangeStartNonBlockable(reap.Range);
                    Take(reap.Range, agent);
                    Watch.EndTaking(reap.Range);
                    vm.Notifier.RangeEndNonBlockable(reap.Range);
                    if (agent is not null) Agents.SetMayNotSleep(agent, false);
                    break;
                case LockAction taken:
                    vm.Machine.Enter(HostLock(taken.Lock));
                    break;
                case UnlockAction left:
                    vm.Machine.Exit(HostLock(left.Lock));
                    break;
                case AgeAction age:
                    Age(vm, age.Range, clears: true, agent);
                    break;
                case TestAction test:
                    Age(vm, test.Range, clears: false, agent);
                    break;
                case RecoverAction recover:
                    vm.Recovery.Recover(new Gfn(recover.Gfn), isExclusive: false,
                        recover.InvalidToo ? RootFilter.All : RootFilter.ValidOnly);
                    if (agent is not null) Watch.CheckTaken(agent);
                    break;
                case DestroyAction:
                    vm.Destroy();
                    break;
                default:
                    throw new NotSupportedException($"The explorer does not know the action '{action}'.");
            }
        }
    }

    private void Create(ScenarioSlot slot)
    {
        if (slot.Shares is { } other) _vm!.Slots.Share(slot.Id, slot.Range.Start, other);
        else _vm!.Slots.Create(slot.Id, slot.Range, MemslotFlags.None);
    }

    private void Age(Vm<Explored> vm, GfnRange range, bool clears, Agent? agent)
    {
        AgeWatch? before = agent is null || !vm.Ageing.Ages ? null
            : AgeWatch.Begin(Agents, agent, vm.MmuLock, _memory, range);
        bool young = clears ? vm.Ageing.ClearYoung(range) : vm.Ageing.TestYoung(range);
        if (agent is null) return;
        Watch.Chains?.CheckLeft(agent);
        before?.Check(clears, young);
    }

    /// <summary>What the host does after a notifier's start, which is done with the range: its memory goes.</summary>
    private void Take(GfnRange range, Agent? agent)
    {
        if (agent is not null) Watch.BeginTaking(range);
        _vm!.TakeMemory(range);
    }

    /// <summary>What an actor keeps from one action to the next: where it is, its vCPU's root and translations, and how much it
    /// has allocated.</summary>
    private ulong Kept(Agent agent, int number)
    {
        ulong kept = AgentController.Mix((ulong)number, _memory.AllocatedBy(agent.Index), 1);
        if (agent.Vcpu < 0) return kept;
        Vcpu<Explored> vcpu = _vm!.Vcpus[agent.Vcpu];
        kept = AgentController.Mix(kept, vcpu.Root.AsWord, vcpu.Role.Word);
        for (ulong gfn = 0; gfn < _shape.Frames; gfn++)
        {
            kept = AgentController.Mix(kept, vcpu.Cached(new Gfn(gfn)), gfn);
        }
        return kept;
    }

    private SleepingLock HostLock(string name)
    {
        if (!_hostLocks.TryGetValue(name, out SleepingLock? found)) _hostLocks.Add(name, found = new SleepingLock(name));
        return found;
    }

    private void Switch(Vcpu<Explored> vcpu, RootRole role)
    {
        if (vcpu.SwitchRole(role) == ExitOutcome.NoMemory) throw TooSmall();
    }

    private void Touch(Vm<Explored> vm, Vcpu<Explored> vcpu, TouchAction touch)
    {
        AccessPattern pattern =
            new(0, new GfnRange(new Gfn(touch.Gfn), new Gfn(touch.Gfn + 1))) { Stride = 1, WriteEvery = touch.Write ? 1u : 0u };
        Backoff backoff = default;
        while (vcpu.Run(ref pattern, 1) is { IsDone: false } exit)
        {
            switch (vcpu.Serve(exit))
            {
                case ExitOutcome.Mmio:
                    return;
                case ExitOutcome.NoMemory:
                    throw TooSmall();
                case ExitOutcome.Retry:
                    // The same again, until something that it looked at has changed.
                    vm.Machine.Relax(ref backoff);
                    break;
            }
        }
    }

    private ModelTooSmallException TooSmall() => new($"scenario '{_scenario.Name}' makes more than {SmallMemory.RootsPerAgent} "
        + $"roots or {SmallMemory.TablesPerAgent} tables on one thread; make it smaller.");

    private string NameOf(nint word)
    {
        if (_memory.OwnerOf(word) != WordOwner.Other) return _memory.Describe(word);
        Vm<Explored> vm = _vm!;
        if (word == (nint)vm.Roots.HeadLink) return "roots.first";
        for (int vcpu = 0; vcpu < vm.Requests.VcpuCount; vcpu++)
        {
            if (word == (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref vm.Requests[vcpu]))
            {
                return $"vcpu{vcpu}.requests";
            }
        }
        return vm.NameOf(word) ?? "a word of the VM";
    }
}

/// <summary>The strategy's own code threw outside of any agent.</summary>
internal sealed class StrategyThrewException(string place, Exception thrown)
    : Exception($"{place} threw {thrown.GetType().Name}: {thrown.Message}", thrown);
