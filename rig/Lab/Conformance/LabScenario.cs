using System.Collections.Concurrent;
using Lab.Hardware;
using Lab.Mmu;

namespace Lab.Application.Conformance;

/// <summary>The life of a VM that the kernel's traces show, on our MMU. Each part has its own thread; the workers are the
/// strategy's. The parts take turns, so that the reference counts that a thread meets are those of the traces and not of a
/// race.</summary>
/// <remarks>
/// <code>
/// kvmt   mark  .  .  mark  delete────────────mark  add mark   (all once more)  mark  destroy mark
/// vcpu0        touch
/// vcpu1           touch
/// worker                      zap put
/// </code>
/// A touch is the guest's code page at gfn 0 and 16 pages at 1 GiB. The slot at 1 GiB is deleted and made anew twice; after the
/// second time no vCPU enters the guest again, so that they leave the second root only when the VM is destroyed. What else may be
/// done instead of the delete: <see cref="RootOperation"/>.
/// </remarks>
internal sealed class LabScenario : IDisposable
{
    private const int StayingSlot = 0;
    private const int ChangingSlot = 1;
    private static readonly GfnRange Staying = GfnRange.Of(0, 512);
    private static readonly GfnRange Code = GfnRange.Of(0, 1);
    private static readonly GfnRange Changing = GfnRange.Of(0x40000, 16);
    private static readonly Gfn MovedTo = new(0x44000);

    private readonly Vm<Metal> _vm;
    private readonly Turn _updater = new("kvmt");
    private readonly Turn[] _vcpus = [new("vcpu0"), new("vcpu1")];
    private readonly Dictionary<Actor, ulong> _read = [];
    private readonly Dictionary<ulong, int> _ordinals = [];
    private readonly List<Sourced> _events = [];
    private readonly ConcurrentDictionary<Actor, (MmuEvent[] Kept, ulong Written)> _retired = new();
    private string _phase = "";
    private bool _destroying;

    private LabScenario(string strategy, ZapPasses passes)
    {
        VmSettings settings = new() { Vcpus = _vcpus.Length, Passes = passes };
        _vm = new Vm<Metal>(default, settings, Lab.Strategies.Catalogue.Named(strategy).Design<Metal>());
        Actor.Retiring += Keep;
    }

    /// <summary>Runs it and returns what the threads recorded.</summary>
    /// <exception cref="InvalidOperationException">The MMU reported a violation, or events of the workers are
    /// missing.</exception>
    public static History Run(string strategy, ZapPasses passes, RootOperation operation = RootOperation.Delete)
    {
        using LabScenario scenario = new(strategy, passes);
        scenario.Run(operation);
        if (scenario._vm.Oracle.Violations is [var violation, ..]) throw new InvalidOperationException(
            $"{strategy}: {violation.What}");
        int queued = scenario._events.Count(one => one.Event.Verb == Verb.Queue);
        int executed = scenario._events.Count(one => one.Event.Verb == Verb.ExecuteEnd);
        if (queued != executed) throw new InvalidOperationException(
            $"{strategy}: {queued} items were queued and {executed} seen to end");
        int made = scenario._events.Count(one => one.Event.Verb == Verb.GetPage);
        return new History(strategy, scenario._events, made, made - (int)scenario._vm.TablePagesLeft);
    }

    public void Dispose()
    {
        Actor.Retiring -= Keep;
        foreach (Turn vcpu in _vcpus) vcpu.Dispose();
        _updater.Dispose();
        _vm.Dispose();
    }

    private void Run(RootOperation operation)
    {
        _updater.Take(() =>
        {
            _vm.Slots.Create(StayingSlot, Staying, MemslotFlags.None);
            _vm.Slots.Create(ChangingSlot, Changing, MemslotFlags.None);
        });
        for (int round = 0; round < 2; round++)
        {
            if (round == 1 && operation == RootOperation.Reset) Reset();
            Mark($"touch it {round}");
            for (int vcpu = 0; vcpu < _vcpus.Length; vcpu++) _vcpus[vcpu].Take(() => Touch(vcpu));
            Mark($"touch done {round}");
            if (operation != RootOperation.Reset) Update(operation, round);
        }
        Mark("vm destroy begin");
        _updater.Take(_vm.Destroy);
        Mark("vm destroy end");
    }

    private void Update(RootOperation operation, int round)
    {
        switch (operation)
        {
            case RootOperation.Delete:
                Marked("del", round, () => _vm.Slots.Delete(ChangingSlot));
                _updater.Take(() => _vm.Slots.Create(ChangingSlot, Changing, MemslotFlags.None));
                Mark($"add end {round}");
                break;
            case RootOperation.Move:
                Marked("move", round, () => _vm.Slots.Move(ChangingSlot, MovedTo));
                Marked("back", round, () => _vm.Slots.Move(ChangingSlot, Changing.Start));
                break;
            default:
                Marked("flags", round, () => _vm.Slots.SetFlags(
                    ChangingSlot, round == 0 ? MemslotFlags.LogDirtyPages : MemslotFlags.None));
                break;
        }
    }

    private void Marked(string what, int round, Action update)
    {
        Mark($"{what} begin {round}");
        _updater.Take(update);
        Mark($"{what} end {round}");
    }

    /// <summary>As KVM_SET_SREGS does on the VMM's thread: each vCPU's root is put, nothing is invalidated.</summary>
    private void Reset()
    {
        for (int vcpu = 0; vcpu < _vcpus.Length; vcpu++)
        {
            Mark($"reset vcpu{vcpu}");
            _updater.Take(() => _vm.Vcpus[vcpu].Unload());
            AwaitWorkers();
        }
    }

    /// <summary>Nobody flushes what a put queues. In the kernel's traces a worker has done it before the next phase; one that is
    /// kept from a core here would meet the destroyer.</summary>
    private void AwaitWorkers()
    {
        SpinWait spin = default;
        // The ring of an actor that is gone is another's by now.
        int Events(MmuEventKind kind) => Actor.All().Except(_retired.Keys).SelectMany(actor => actor.Events.Snapshot())
            .Concat(_retired.Values.SelectMany(one => one.Kept))
            .Count(one => one.Kind == kind && _ordinals.ContainsKey(one.RootId));
        while (Events(MmuEventKind.Queue) != Events(MmuEventKind.ExecuteEnd)) spin.SpinOnce();
    }

    private void Touch(int vcpu)
    {
        Touch(vcpu, Code);
        Touch(vcpu, Changing);
    }

    private void Touch(int index, GfnRange range)
    {
        Vcpu<Metal> vcpu = _vm.Vcpus[index];
        AccessPattern pattern = new(0, range) { Stride = 1, WriteEvery = 2 };
        ActorCounters counters = Actor.Current.Counters;
        long target = counters.Accesses + (long)range.Frames;
        while (counters.Accesses < target)
        {
            if (vcpu.Run(ref pattern, (int)(target - counters.Accesses)) is { IsDone: false } exit) vcpu.Serve(exit);
        }
    }

    /// <summary>Of an actor that ends with the VM, as its workers do.</summary>
    private void Keep(Actor actor) => _retired[actor] = (actor.Events.Snapshot(), actor.Events.Written);

    /// <summary>Books what was recorded since the last marker under that marker, and begins the phase of this one.</summary>
    private void Mark(string phase)
    {
        List<(MmuEvent Event, Part Part, string Task)> fresh =
            [.. ReadNew(_updater.Actor, _destroying ? Part.Destroyer : Part.Updater)];
        foreach (Turn vcpu in _vcpus) fresh.AddRange(ReadNew(vcpu.Actor, Part.Vcpu));
        foreach ((MmuEvent one, _, _) in fresh)
        {
            if (one is { Kind: MmuEventKind.GetPage } && one.Level == (int)RootRole.Normal.Level)
            {
                _ordinals.Add(one.RootId, _ordinals.Count + 1);
            }
        }
        IEnumerable<Actor> ours = _vcpus.Select(vcpu => vcpu.Actor).Append(_updater.Actor);
        foreach (Actor actor in Actor.All().Concat(_retired.Keys).Distinct().Except(ours))
        {
            // Other tests' workers touch other roots; the reclaimer frees ours.
            fresh.AddRange(ReadNew(actor, Part.Worker)
                .Where(one => one.Event.Kind != MmuEventKind.FreeRoot && _ordinals.ContainsKey(one.Event.RootId)));
        }

        // Stable: events of one actor and one instant stay in their order.
        foreach ((MmuEvent one, Part part, string task) in fresh.OrderBy(one => one.Event.Time))
        {
            if (Normalise(one, part) is { } normal && _phase.Length != 0) _events.Add(new Sourced(normal, task, 0));
        }
        _phase = phase;
        if (phase == "vm destroy begin") _destroying = true;
        _events.Add(new Sourced(new(phase, _destroying ? Part.Destroyer : Part.Updater, Verb.Marker), _updater.Actor.Name, 0));
    }

    private IEnumerable<(MmuEvent Event, Part Part, string Task)> ReadNew(Actor actor, Part part)
    {
        (MmuEvent[] kept, ulong end) = _retired.TryGetValue(actor, out (MmuEvent[], ulong) retired) ? retired
            : (actor.Events.Snapshot(), actor.Events.Written);
        ulong read = _read.GetValueOrDefault(actor);
        _read[actor] = end;
        return kept.TakeLast((int)Math.Min((ulong)kept.Length, end - read)).Select(one => (one, part, actor.Name));
    }

    /// <summary>The event as the kernel's traces have it, or null if they do not have it.</summary>
    private NormalEvent? Normalise(in MmuEvent one, Part part)
    {
        NormalEvent bare = new(_phase, part, default);
        int? root = _ordinals.TryGetValue(one.RootId, out int ordinal) ? ordinal : null;
        return one.Kind switch
        {
            MmuEventKind.GetPage => bare with { Verb = Verb.GetPage, Root = root, Level = one.Level, Gfn = one.Detail },
            MmuEventKind.RootLoad => bare with { Verb = Verb.Get, Root = root },
            MmuEventKind.Put =>
                bare with { Verb = Verb.Put, Root = root, Count = one.RefCount, Shared = one.Shared, Invalid = one.Invalid },
            MmuEventKind.ZapAllFast => bare with { Verb = Verb.ZapAllFast },
            MmuEventKind.InvalidateAll => bare with { Verb = Verb.InvalidateAll },
            MmuEventKind.Queue => bare with { Verb = Verb.Queue },
            MmuEventKind.ExecuteStart => bare with { Verb = Verb.ExecuteStart },
            MmuEventKind.ExecuteEnd => bare with { Verb = Verb.ExecuteEnd },
            MmuEventKind.ZapInvalidatedStart => bare with { Verb = Verb.Flush },
            MmuEventKind.ZapInvalidatedEnd => bare with { Verb = Verb.Flushed },
            MmuEventKind.ZapRoot => bare with
            {
                // Fine passes are one event without a level, as in 7.2.
                Verb = Verb.Zap, Root = root, Count = one.RefCount, Level = one.Level == 0 ? null : one.Level,
                Invalid = one.Invalid,
            },
            MmuEventKind.ZapPage => bare with { Verb = Verb.ZapPage, Root = root, Level = one.Level, Gfn = one.Detail },

            // Not in the kernel's traces: there is no probe.
            MmuEventKind.Get or MmuEventKind.Invalidate or MmuEventKind.Unlink or MmuEventKind.FreeRoot
                or MmuEventKind.FlushTlb => null,
            MmuEventKind.UpdateStart or MmuEventKind.UpdateEnd or MmuEventKind.DestroyStart or MmuEventKind.DestroyEnd => null,
            _ => throw new InvalidOperationException($"An event of kind {one.Kind} in a quiet run."),
        };
    }
}
