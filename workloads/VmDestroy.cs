using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>
/// A VM whose vCPUs have mapped all memory dies; another is made and dies; and so on.
/// <code>
///   destroyer: make VM ─ every vCPU touches its part ─ a slot is deleted, half the vCPUs reload ─ [destroy]
/// </code>
/// </summary>
/// <remarks>Timed: the destroy alone — zap of everything, the vCPUs' puts, the strategy's own end, the last grace period. Not
/// timed: making and filling the VM. The answer: nothing is left; the VM's own checks say so. Parameters — memory: smoke 8 MiB,
/// measured 256 MiB.</remarks>
[Workload("vm-destroy", Story = "VMs are filled and destroyed one after the other", Timed = "destroy")]
public sealed class VmDestroy<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    public VmDestroy(VmSource<TMachine> source, WorkloadParameters parameters)
        : base(source, parameters) => Actors = [new Destroyer(this)];

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish() => null;

    private sealed class Destroyer(VmDestroy<TMachine> workload)
        : WorkloadActor(workload.Source.Machine, "destroyer", ActorRole.Updater)
    {
        private Vm<TMachine>? _vm;
        private long _destroyed;

        public override IReadOnlyList<string> Metrics { get; } = ["destroy"];

        public override bool IsWarm => _destroyed >= 2;

        public override void Prepare()
        {
            RetireLast();
            _vm = workload.NewVmWithSlots();
            int vcpus = _vm.Vcpus.Count;
            foreach (Vcpu<TMachine> vcpu in _vm.Vcpus) Fill(vcpu, vcpus);
            _vm.Slots.Delete(ChurnSlot);
            foreach (Vcpu<TMachine> vcpu in _vm.Vcpus.Take((vcpus + 1) / 2)) Fill(vcpu, vcpus);
        }

        public override int Step()
        {
            _vm!.Destroy();
            _destroyed++;
            return 0;
        }

        public override void Quiesce() => RetireLast();

        private void RetireLast()
        {
            if (_vm is null) return;
            workload.Source.Retire(_vm);
            _vm = null;
        }

        private void Fill(Vcpu<TMachine> vcpu, int vcpus)
        {
            AccessPattern pattern = workload.PatternOf(vcpu.Index, vcpus) with { SecondEvery = 0 };
            ActorCounters counters = _vm!.Machine.Actor.Counters;
            long target = counters.Accesses + (long)pattern.Main.Frames / vcpus;
            while (counters.Accesses < target && !_vm!.Oracle.IsBugged)
            {
                if (vcpu.Run(ref pattern, (int)(target - counters.Accesses)) is { IsDone: false } exit) vcpu.Serve(exit);
            }
        }
    }
}
