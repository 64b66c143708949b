using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>
/// One vCPU fills a root and drops it: who pays for the tear-down, and how does that grow with the mapped pages? (Shape H1: a
/// soft lockup of 485 s was reported for 32 TiB.)
/// <code>
///   vcpu0: load root ─ touch N pages ─ [put] ─ load root ─ …      N = ⅛, ¼, ½, 1 of the memory, in turn
/// </code>
/// </summary>
/// <remarks>Timed: the put alone, under one metric per size. Not timed: loading and touching. The answer: after the touch exactly
/// N pages are mapped. Parameters — memory: smoke 8 MiB, measured 64 MiB and more; the slope needs sizes that differ by more than
/// the noise.</remarks>
[Workload("last-put", Story = "one vCPU drops its root after mapping N pages, for four sizes (shape H1)",
    Timed = "put, by mapped pages", Needs = WorkloadNeeds.Roots)]
public sealed class LastPut<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;
    private readonly LastPutter _putter;

    public LastPut(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        _putter = new LastPutter(_vm, MainRange);
        Actors = [_putter];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        string? wrong = _putter.Wrong;
        DestroyAndRetire(_vm);
        return wrong;
    }

    private sealed class LastPutter : WorkloadActor
    {
        private readonly Vm<TMachine> _vm;
        private readonly Vcpu<TMachine> _vcpu;
        private readonly GfnRange[] _sizes;
        private long _rounds;

        internal LastPutter(Vm<TMachine> vm, GfnRange memory) : base(vm.Machine, "vcpu0", ActorRole.Vcpu)
        {
            _vm = vm;
            _vcpu = vm.Vcpus[0];
            _sizes = [.. new ulong[] { 8, 4, 2, 1 }.Select(part => GfnRange.Of(0, Math.Max(1, memory.Frames / part)))];
            Metrics = [.. _sizes.Select(size => $"put.pages_{size.Frames}")];
        }

        public override IReadOnlyList<string> Metrics { get; }

        public override bool IsWarm => _rounds >= 2 * _sizes.Length;

        internal string? Wrong { get; private set; }

        private int Size => (int)(_rounds % _sizes.Length);

        public override void Prepare()
        {
            GfnRange range = _sizes[Size];
            AccessPattern pattern = new(1, range) { Stride = 1, WriteEvery = 2, Cursor = range.Frames - 1 };
            ulong done = 0;
            while (done < range.Frames && !_vm.Oracle.IsBugged)
            {
                long before = _vm.Machine.Actor.Counters.Accesses;
                if (_vcpu.Run(ref pattern, (int)(range.Frames - done)) is { IsDone: false } exit) _vcpu.Serve(exit);
                done += (ulong)(_vm.Machine.Actor.Counters.Accesses - before);
            }
            _vm.Machine.EnterRcu(_vm.Rcu);
            long mapped = _vm.Mmu.CountPresent(_vcpu.Root, range, Spte.LeafLevel);
            _vm.Machine.ExitRcu(_vm.Rcu);
            ulong expected =
                (range.Frames + Gfn.FramesPerSpte(_vm.Settings.LeafLevel) - 1) / Gfn.FramesPerSpte(_vm.Settings.LeafLevel);
            if ((ulong)mapped != expected && !_vm.Oracle.IsBugged)
            {
                Wrong = $"{mapped} leafs were mapped after touching {range.Frames} frames, not {expected}";
            }
        }

        public override int Step()
        {
            int metric = Size;
            _vcpu.Unload();
            _rounds++;
            return metric;
        }
    }
}
