using Lab.Measure;
using Lab.Mmu;
using Lab.Settings;

namespace Lab.Workloads;

/// <summary>
/// Threads that have nothing to do with the VM wake every millisecond, as one that plays audio does. How late are they while
/// workers, or the caller, zap? (Shape H3: a storm of workers took all cores for milliseconds.)
/// <code>
///   cores 0…n-1    vcpu0…n ──touch──► a root per role        SlotDeleter ──delete/create──► fast zap ─┐
///   last core      bystander, bystander-rt  ◄─ run beside? ─  the strategy's workers, pinned nowhere ◄┘
///                  ──sleep──►moment──╰late╯──sleep──►moment …
/// </code>
/// </summary>
/// <remarks>Timed: <c>wakeup</c>, from the moment that a thread asked to be woken at until it runs; <c>wakeup_rt</c>, of a thread
/// of SCHED_FIFO (<c>--fifo-priority</c>), left out with a note where the process may have none; <c>wakeup.updating</c> and
/// <c>wakeup_rt.updating</c>, those of them whose moment lay in an update; each update, with its phases; faults; reloads. No
/// moment is skipped: who is so late that the next has passed is late for that one too. The VMM's threads keep off the last core
/// if there are two or more; the bystanders have it, and whoever is pinned nowhere. The vCPUs run in three roles in turn, so that
/// there are several roots for several <c>--workers</c>. In a closed loop a delete waits until the guest's memory is mapped
/// again; <c>--rate</c> makes as many zaps with each strategy. The answer: the slot's generations, counted by the VM, equal the
/// creates. A zap of user space is preempted by whoever wakes in real time, as a kernel's is not everywhere: <c>wakeup_rt</c>
/// shows what the machine takes, and the ordinary thread what the zap does. Parameters — memory: smoke 8 MiB; measured 256 MiB
/// and more, a zap of several milliseconds. Against each other: <c>workqueue</c> with as many workers as vCPUs, and
/// <c>mainline</c>. With <c>kernel</c> it is the kernel that zaps, in the updater's call.</remarks>
[Workload(Bystander.Name, Story = "threads apart from the VM wake each millisecond while roots are zapped (shape H3)",
    Timed = "wakeup, wakeup_rt, both also while updating, update and its phases, fault, reload",
    Offers = WorkloadOffers.VcpuThreads)]
public sealed class Bystander<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private static readonly RootRole[] Roles = [RootRole.Normal, RootRole.SystemManagement, RootRole.WriteProtectOff];

    private readonly Vm<TMachine> _vm;
    private readonly Updater _updater;
    private readonly ulong _generationsAtFirst;

    public Bystander(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        _generationsAtFirst = _vm.Slots.LastGeneration;
        // With the running kernel's slots the guest has the one address space that its VM has.
        RootRole[] roles = _vm.Slots.Kernel is null ? Roles : [RootRole.Normal];
        FaultingVcpu<TMachine>[] vcpus =
        [
            .. _vm.Vcpus.Select(vcpu => new FaultingVcpu<TMachine>(
                _vm, vcpu, PatternOf(vcpu.Index, _vm.Vcpus.Count), parameters, roles[vcpu.Index % roles.Length])),
        ];
        long leafs = Math.Min(vcpus.Length, roles.Length) * Refill<TMachine>.All(_vm, parameters);
        _updater = new Updater(_vm, ChurnSlot, ChurnRange, 2 * parameters.RatePerSecond,
            new Refill<TMachine>(_vm, vcpus, parameters.Frames, leafs));
        int priority = parameters.Of(QuietSettings.Declared.FifoPriority);
        string? refusal = Alarm.WhyNotRealTime(Sleeper.RealTime, priority);
        Notes = refusal is null ? [] : [refusal];
        Actors =
        [
            .. vcpus, _updater, new Sleeper(_vm.Machine, _updater, parameters, fifoPriority: null),
            .. refusal is null ? [new Sleeper(_vm.Machine, _updater, parameters, priority)] : (Sleeper[])[],
        ];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override IReadOnlyList<string> Notes { get; }

    public override string? Finish()
    {
        ulong made = _vm.Slots.LastGeneration - _generationsAtFirst;
        DestroyAndRetire(_vm);
        return JudgeGenerations(made, _updater.GenerationsMade);
    }

    /// <summary>The VMM's thread; others may ask when its last delete was.</summary>
    private sealed class Updater(Vm<TMachine> vm, int slot, GfnRange range, double ratePerSecond, Refill<TMachine> refill)
        : SlotDeleter<TMachine>(vm, slot, range, ratePerSecond, refill)
    {
        private long _begun;
        private long _ended;

        public override int Step()
        {
            if (Exists) Volatile.Write(ref _begun, Alarm.Now);
            int metric = base.Step();
            if (!Exists) Volatile.Write(ref _ended, Alarm.Now);
            return metric;
        }

        /// <summary>Whether the moment was in the last delete, or is in one that still goes on.</summary>
        internal bool WasUpdating(long moment)
        {
            long ended = Volatile.Read(ref _ended), begun = Volatile.Read(ref _begun);
            return moment >= begun && (ended < begun || moment <= ended);
        }
    }

    /// <summary>Sleeps until its next moment, again and again. What is recorded is how late it was, not the step.</summary>
    private sealed class Sleeper(TMachine machine, Updater updater, WorkloadParameters parameters, int? fifoPriority)
        : WorkloadActor(machine, fifoPriority is null ? "bystander" : RealTime, ActorRole.Bystander)
    {
        internal const string RealTime = "bystander-rt";

        private readonly Alarm _alarm = new(fifoPriority);
        private readonly long _period = parameters.Of(Bystander.Period).Ticks * 100;
        private readonly long[] _late = [-1, -1];
        private long _moment;

        public override IReadOnlyList<string> Metrics => [];

        public override IReadOnlyList<string> PhaseNames { get; } =
            fifoPriority is null ? ["wakeup", "wakeup.updating"] : ["wakeup_rt", "wakeup_rt.updating"];

        public override ReadOnlySpan<long> Phases => _late;

        public override bool KeepsTime => true;

        public override void Begin()
        {
            base.Begin();
            _alarm.Begin();
        }

        public override void Prepare()
        {
            if (_moment == 0) _moment = Alarm.Now;
            _moment += _period;
            _late[0] = _alarm.AwaitMoment(_moment);
            _late[1] = updater.WasUpdating(_moment) ? _late[0] : -1;
        }

        public override int Step() => -1;

        public override void End()
        {
            _alarm.End();
            base.End();
        }
    }
}

/// <summary>What <see cref="Bystander{TMachine}"/> can be asked.</summary>
public static class Bystander
{
    public const string Name = "bystander";
    public static SettingGroup Declared { get; } = new(Name, Name);

    /// <summary>At the longest a tenth of a second: nobody hears of the end of a run while asleep.</summary>
    public static Setting<TimeSpan> Period { get; } = Declared.Add(
        "wake-every", Form.Duration(TimeSpan.FromMicroseconds(100), TimeSpan.FromMilliseconds(100)), "1ms",
        "time between two wake-ups of a bystander", Recorded.WhenSet);
}
