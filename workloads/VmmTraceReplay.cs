using Lab.Measure;
using Lab.Mmu;
using Lab.Settings;

namespace Lab.Workloads;

/// <summary>
/// Replays the memslot calls of a real VMM's boot while vCPUs touch the guest's memory: real sizes, real order, and if wanted
/// real timing.
/// <code>
///   Vmm     ──create/delete as recorded──► fast zap per delete ── at the end: delete all, begin again
///   vcpu0…n ──touch at random──► faults, and MMIO where there is no slot just now
/// </code>
/// </summary>
/// <remarks>Timed: each delete (update, with phases), each create, each flag change; faults; reloads. Not timed: waiting for the
/// recorded time of a call. The answer: at the end of each replay the VM holds exactly the slots that the trace leaves.</remarks>
[Workload(VmmTraceReplay.Name, Story = "memslot calls recorded from a booting VMM, replayed while vCPUs run",
    Timed = "update and its phases, create, flags, fault, reload", Needs = WorkloadNeeds.Trace,
    Offers = WorkloadOffers.VcpuThreads)]
public sealed class VmmTraceReplay<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;
    private readonly Vmm _vmm;

    public VmmTraceReplay(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        VmmTrace trace =
            parameters.Trace ?? throw new ArgumentException($"{VmmTraceReplay.Name} needs a trace.", nameof(parameters));
        _vm = source.NewVm();
        _vmm = new Vmm(_vm, trace, parameters);
        GfnRange memory = GfnRange.Of(0, Math.Min(parameters.Frames, trace.FramesMax));
        Actors =
        [
            .. _vm.Vcpus.Select(vcpu => new FaultingVcpu<TMachine>(
                _vm, vcpu, new AccessPattern(parameters.Seed + (ulong)vcpu.Index, memory) { WriteEvery = 4 }, parameters)),
            _vmm,
        ];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        string? wrong = _vmm.Wrong;
        DestroyAndRetire(_vm);
        return wrong;
    }

    private sealed class Vmm(Vm<TMachine> vm, VmmTrace trace, WorkloadParameters parameters)
        : WorkloadActor(vm.Machine, "vmm", ActorRole.Updater)
    {
        private const int Update = 0;
        private const int Create = 1;
        private const int FlagChange = 2;

        private readonly bool _atFullSpeed = parameters.Of(VmmTraceReplay.AtFullSpeed);
        private readonly int _left = CountLeft(trace);
        private int _next;
        private long _begin;
        private bool _hasPhases;

        public override IReadOnlyList<string> Metrics { get; } = ["update", "create", "flags"];

        public override IReadOnlyList<string> PhaseNames { get; } =
            [.. UpdatePhases.Names.Select(name => $"update.phase.{name}")];

        public override ReadOnlySpan<long> Phases => _hasPhases ? vm.Slots.Phases.Nanoseconds : default;

        public override bool KeepsTime => !_atFullSpeed;

        internal string? Wrong { get; private set; }

        public override void Prepare()
        {
            vm.Slots.SettleMemory();
            if (_next == trace.Calls.Count) BeginAgain();
            long now = vm.Machine.Timestamp();
            if (_next == 0) _begin = now;
            if (_atFullSpeed) return;
            // In short naps, so that the end of the load is noticed between steps: a call that is not due yet is left for the
            // next step.
            long wait = _begin + trace.Calls[_next].AtNanoseconds - now;
            if (wait > 0) vm.Machine.Dally(Math.Min(wait, 2_000_000));
        }

        public override int Step()
        {
            _hasPhases = false;
            VmmCall call = trace.Calls[_next];
            if (!_atFullSpeed && vm.Machine.Timestamp() < _begin + call.AtNanoseconds) return -1;
            _next++;
            if (call.IsDelete)
            {
                Expect(vm.Slots.Delete(call.Slot), call);
                _hasPhases = true;
                return Update;
            }
            if (vm.Slots.Active.TryGet(call.Slot, out _))
            {
                Expect(vm.Slots.SetFlags(call.Slot, call.Flags), call);
                return FlagChange;
            }
            Expect(vm.Slots.Create(call.Slot, call.Range, call.Flags), call);
            return Create;
        }

        private void Expect(MemslotResult result, VmmCall call)
        {
            if (result != MemslotResult.Done) Wrong ??= $"call {_next} of {trace.Name} on slot {call.Slot} was refused: {result}";
        }

        /// <summary>The guest is switched off: its slots go, untimed.</summary>
        private void BeginAgain()
        {
            if (vm.Slots.Active.Count != _left)
            {
                Wrong ??= $"a replay of {trace.Name} left {vm.Slots.Active.Count} slots, not {_left}";
            }
            while (vm.Slots.Active.Count > 0) vm.Slots.Delete(vm.Slots.Active.Slots[0].Id);
            _next = 0;
        }

        private static int CountLeft(VmmTrace trace)
        {
            HashSet<int> slots = [];
            foreach (VmmCall call in trace.Calls)
            {
                if (call.IsDelete) slots.Remove(call.Slot);
                else slots.Add(call.Slot);
            }
            return slots.Count;
        }
    }
}

/// <summary>What <see cref="VmmTraceReplay{TMachine}"/> can be asked.</summary>
public static class VmmTraceReplay
{
    public const string Name = "vmm-trace";
    public static SettingGroup Declared { get; } = new(Name, Name);

    /// <summary>A manifest has its name where it was replayed.</summary>
    public static Setting<string> Trace { get; } = Declared.Add(
        "trace", Form.Text, "seabios-pc-vga", "the calls: built-in name or file", unset: "none");

    /// <summary>Replay as fast as possible instead of with the trace's own timing.</summary>
    public static Setting<bool> AtFullSpeed { get; } =
        Declared.Add("speed", Form.Words(("original", false), ("max", true)), "original", "timing");
}
