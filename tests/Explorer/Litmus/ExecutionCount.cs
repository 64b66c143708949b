using Lab.Explorer;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>How many complete executions a shape has: one per reads-from and coherence.</summary>
/// <param name="Name">As GenMC calls it.</param>
/// <param name="Threads">As <see cref="Shape"/> reads them.</param>
/// <param name="Counts">Under sc, rc11, arm-ldapr and lkmm; – not known from elsewhere.</param>
internal sealed record ExecutionCount(string Name, string Threads, string Counts)
{
    private static readonly MemoryModel[] Columns =
        [MemoryModel.Sc, MemoryModel.Rc11, MemoryModel.ArmLdapr, MemoryModel.Lkmm];

    /// <summary>What words hold at the start.</summary>
    internal string Initial { get; init; } = "";

    /// <summary>What holds at the end of executions that are counted; empty if all are.</summary>
    internal string Filter { get; init; } = "";

    /// <summary>GenMC's count where it is another. Of the kernel's, it has 4 for R with full fences; herd has 3, as here: two
    /// orders of y times two sources of the load, less the one that is forbidden. And its model is older than the kernel's
    /// release sequences (6.2), by which a release reaches whoever reads from a modification behind it.</summary>
    internal int? OfGenMc { get; init; }

    internal string Text => Shape.Text(Name.Replace(' ', '-'), Threads,
        (Filter.Length > 0 ? $"filter ({Filter}) " : "") + "exists (true)", Initial);

    internal IEnumerable<(MemoryModel Model, int Executions)> Expected =>
        Counts.Split(' ').Zip(Columns).Where(pair => pair.First != "–")
            .Select(pair => (pair.Second, int.Parse(pair.First, System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Source: GenMC 0.11, tests/correct/litmus, under SC, RC11 and, in the third column, IMM, which has load buffering;
    /// where ARMv8, stronger in other ways, counts as many. Threads are those of its tests, <c>assume</c> a filter.</summary>
    internal static IReadOnlyList<ExecutionCount> OfC11 { get; } =
    [
        new("2+2W", "x:rel=1; y:rel=2 || y:rel=1; x:rel=2", "3 4 – –"),
        new("2+2W+4sc", "x:sc=1; y:sc=2 || y:sc=1; x:sc=2", "3 3 3 –"),
        new("2+2W+scfs", "x:rlx=1; f:sc; y:rlx=2 || y:rlx=1; f:sc; x:rlx=2", "3 3 3 –"),
        new("2+2W+2sc+scf", "x:sc=1; y:sc=2 || y:rlx=1; f:sc; x:rlx=2", "3 3 3 –"),
        new("2+2W+3sc+rel1", "x:sc=1; y:sc=2 || y:rel=1; x:sc=2", "3 4 – –"),
        new("2+2W+3sc+rel2", "x:sc=1; y:sc=2 || y:sc=1; x:rel=2", "3 4 – –"),
        new("CoRR", "x:rel=1; x:rel=2 || r1:acq=x; r2:acq=x", "6 6 6 –"),
        new("CoRR0", "x:rel=1 || r1:acq=x || r1:acq=x", "4 4 4 –"),
        new("CoRR1", "x:rel=1 || x:rel=2 || r1:acq=x; r2:acq=x || r1:acq=x", "36 36 36 –"),
        new("CoRR2", "x:rel=1 || x:rel=2 || r1:acq=x; r2:acq=x || r1:acq=x; r2:acq=x", "72 72 72 –"),
        new("CoRW", "r1:acq=x; x:rel=1 || x:rel=2", "3 3 3 –"),
        new("CoWR", "x:rel=1; r1:acq=x || x:rel=2", "3 3 3 –"),
        new("2CoWR", "r1:acq=y; r2:acq=x || x:rel=1 || y:rel=1", "4 4 4 –"),
        new("IRIW-acq-sc", "x:sc=1 || r1:acq=x; r2:sc=y || r1:acq=y; r2:sc=x || y:sc=1", "15 16 – –"),
        new("IRIWish", "x:rlx=1 || r1:rlx=x; y:rel=r1 || r1:rlx=x; f:ar; r2:rlx=y || r1:rlx=y; f:ar; r2:rlx=x", "27 28 – –"),
        new("LB+dep", "r1:rlx=x; y:rlx=r1+1 || r1:rlx=y; x:rlx=r1+1", "3 3 3 –"),
        new("LB2", "r1:rlx=x; y:rlx=1 || r1:rlx=y; x:rlx=1", "3 3 4 –"),
        new("LB3", "r1:rlx=a; b:rlx=1 || r1:rlx=b; c:rlx=1 || r1:rlx=c; a:rlx=1", "7 7 8 –"),
        new("MP", "x:rel=1; y:rel=1 || r1:acq=y; r2:acq=x", "3 3 3 –"),
        new("MP+rel+acq", "x:rlx=1; y:rel=1 || r1:acq=y; ?r1 r2:rlx=x", "2 2 2 –"),
        new("MP+rels+acq", "x:rlx=1; y:rel=0; y:rlx=1 || r1:acq=y; ?r1 r2:rlx=x", "3 4 – –"),
        new("MPU+rels+acq", "x:rlx=1; y:rel=0; y:rlx=1 || r1=fadd:rlx(y,1) || r1:acq=y; ?r1>1 x:rlx=2", "12 13 – –"),
        new("MPU2+rels+acq", "x:rlx=1; y:rel=0; y:rlx=1 || r1=cas:rlx:rlx(y,2,3) || r1=cas:rlx:rlx(y,1,2)"
            + " || r1:acq=y; ?r1>2 x:rlx=2", "35 36 – –"),
        new("RWC+syncs", "x:rlx=1 || r1:rlx=x; f:sc; r2:rlx=y || y:rlx=1; f:sc; r1:rlx=x", "7 7 7 –"),
        new("S", "x:rlx=2; y:rlx=1 || r1:rlx=y; x:rlx=1", "3 4 4 –"),
        new("S+rel+acq", "x:rlx=1; y:rel=1 || r1:acq=y; ?r1 x:rlx=2", "2 2 2 –"),
        new("S+rels+acq", "x:rlx=1; y:rel=0; y:rlx=1 || r1:acq=y; ?r1 x:rlx=2", "3 4 – –"),
        new("SB", "x:rel=1; r1:acq=y || y:rel=1; r1:acq=x", "3 4 4 –"),
        new("SB+scfs", "x:rlx=1; f:sc; r1:rlx=y || y:rlx=1; f:sc; r1:rlx=x", "3 3 3 –"),
        new("SB+2sc+scf", "x:sc=1; r1:sc=y || y:rlx=1; f:sc; r1:rlx=x", "3 3 3 –"),
        new("SB+3sc+acq", "x:sc=1; r1:sc=y || y:sc=1; r1:acq=x", "3 4 4 –"),
        new("SB+3sc+rel", "x:sc=1; r1:sc=y || y:rel=1; r1:sc=x", "3 4 – –"),
        new("SB+4sc", "x:sc=1; r1:sc=y || y:sc=1; r1:sc=x", "3 3 3 –"),
        new("SB+rfis", "x:rel=1; r1:sc=x; r2:sc=y || y:rel=1; r1:sc=y; r2:sc=x", "3 4 – –"),
        new("W+RWC", "x:rlx=1; z:rel=1 || r1:acq=z; f:sc; r2:rlx=y || y:rlx=1; f:sc; r1:rlx=x", "7 7 7 –"),
        new("WRC+dep", "x:rlx=1 || r1:rlx=x; y:rlx=r1 || r1:rlx=y; f:ar; r2:rlx=x", "7 8 – –"),
        new("WWmerge1", "r1:acq=x; r2:sc=y || x:sc=1; x:sc=2 || y:sc=1; r1:sc=x", "15 18 – –") { OfGenMc = 17 },
        new("WWmerge2", "r1:acq=x; r2:sc=y || x:sc=2 || y:sc=1; r1:sc=x", "7 8 – –"),
        new("Z6+acq", "a:rlx=1; f:sc; b:rlx=1 || r1:acq=b; c:rlx=1 || c:rlx=2; f:sc; r1:rlx=a", "7 7 7 –"),
        new("Z6.U", "x:sc=1; y:rel=1 || r1=fadd:sc(y,1); r2:rlx=y || y:sc=3; r1:sc=x", "18 24 – –") { OfGenMc = 22 },
        new("cumul-release", "x:rlx=1; y:rel=1 || r1:rlx=y; z:rlx=r1 || r2:rlx=z; f:ar; r3:rlx=x", "7 8 – –"),
        new("isa2", "a:rlx=1; b:rel=1 || r1:acq=b; c:rel=1 || r1:acq=c; r2:rlx=a", "7 7 7 –"),
        new("rel-pporf", "r1:rlx=x; r2=xchg:rel(z,1); y:rel=1 || r1:rlx=y; x:rlx=1", "3 3 4 –"),
        new("rel-pporf stored", "r1:rlx=x; z:rel=1; y:rel=1 || r1:rlx=y; x:rlx=1", "3 3 4 –"),
        new("rfi-preserved", "r1:rlx=x; y:rel=1; r2:rlx=y; z:rlx=r2 || r1:rlx=z; x:rlx=r1", "3 3 4 –"),
        new("riwi", "r1:rlx=y; r2=fadd:rlx(x,1) || r1=fadd:rlx(x,1); y:rel=1", "3 3 4 –"),
        new("relseq", "x:rlx=1; y:rel=1; y:rlx=2 || r1=xchg:rlx(y,3) || r1:rlx=y; f:ar; r2:rlx=x", "16 20 – –"),
        new("viktor-relseq", "r1=fadd:acq(x,1); r2=fadd:rlx(x,1) || r1=fadd:rlx(x,1); r2=fadd:rlx(x,1) || r1=fadd:rel(x,1)"
            + " || r1=fadd:rlx(x,1)", "180 180 180 –"),
        new("rel-B-cumul-acq", "x:rlx=1; y:rel=1 || r1:rlx=y; z:rlx=r1 || r2:rlx=z; f:ar; r3:rlx=x || r4:acq=y", "14 16 – –"),
        new("relacq-B-cumul", "x:rlx=1; y:rel=1 || r1:acq=y; z:rlx=1 || r2:rlx=z; f:ar; r3:rlx=x", "7 8 – –"),
        new("psc-ar", "r1:rlx=y; f:sc; r2:rlx=z || z:rlx=1; f:sc; x:rlx=1 || r1:rlx=x; ?r1==1 y:rlx=1", "0 1 0 –")
            { Filter = @"0:r1=1 /\ 0:r2=0 /\ 2:r1=1" },
        new("psc-base-notin-ar", "r1:rlx=x; y:sc=1 || y:sc=2 || r1:rlx=y; x:rlx=r1", "1 2 – –")
            { Filter = @"0:r1=2 /\ 2:r1=2" },
        new("fr+w+w+w+reads", "x:rlx=1 || x:rlx=2 || x:rlx=3 || r1:rlx=x; r2:rlx=x; r3:rlx=x; r4:rlx=x", "210 210 210 –"),
        new("inc+inc+RR+W+RR", "r1=fadd:rlx(x,1) || r1=fadd:rlx(x,1) || r1:rlx=x; r2:rlx=x || x:rlx=42 || r1:rlx=x; r2:rlx=x",
            "600 600 600 –"),
        new("atomicpo", "y:rlx=1; f:ar; x:rlx=1 || r1=xchg:rlx(x,1); r2=xchg:rlx(y,1)", "3 4 4 –"),
        new("peterZ", "x:rlx=1; f:sc; r1:rlx=y || y:rlx=1; z:rel=1 || r1:acq=z; f:sc; r2:rlx=x", "7 7 7 –"),
        new("ori", "r1=fadd:rlx(x,1); y:rel=1 || r1=cas:acq:acq(x,0,1) || r1:rlx=y; ?r1 x:rel=4", "5 5 5 –"),
    ];

    /// <summary>Source: GenMC 0.11, tests/cooking/lkmm; where herd's catalogue has the test, its count, too.</summary>
    internal static IReadOnlyList<ExecutionCount> OfTheKernel { get; } =
    [
        new("CoRR kernel", "x=1 || r1=x; r2=x", "– – – 3"),
        new("CoRW kernel", "r1=x; x=1 || x=2", "3 3 3 3"),
        new("CoWR kernel", "x=1; r1=x || x=2", "3 3 3 3"),
        new("2+2W kernel", "x=1; y=2 || y=1; x=2", "3 4 4 4"),
        new("2+2W mb", "x=1; mb; y=2 || y=1; mb; x=2", "3 3 3 3"),
        new("IRIW", "x=1 || r1=x; r2=y || y=1 || r1=y; r2=x", "15 16 16 16"),
        new("IRIW mb", "x=1 || r1=x; mb; r2=y || y=1 || r1=y; mb; r2=x", "15 15 15 15"),
        new("ISA2", "x=1; y=1 || r1=y; z=1 || r1=z; r2=x", "7 8 8 8"),
        new("ISA2 locks", "lock; x=1; y=1; unlock || lock; r1=y; z=1; unlock || r1=z; mb; r2=x", "– – – 7"),
        new("ISA2 rel acq", "x=1; y:=1 || r1:=y; z:=1 || r1:=z; r2=x", "7 7 7 7"),
        new("LB", "r1=x; y=1 || r1=y; x=1", "3 3 4 4"),
        new("LB3 kernel", "r1=x; y=1 || r1=y; z=1 || r1=z; x=1", "7 7 8 8"),
        new("LB rel acq", "r1=x; y:=1 || r1:=y; x=1", "– – – 3"),
        new("LB ctrl mb", "r1=x; ?r1 y=1 || r1=y; mb; x=1", "– – – 2"),
        new("LB+RA", "r1=x; w:=1; r2:=w; y=r2 || r1=y; mb; x=1", "– – – 4"),
        new("MP kernel", "x=1; y:=1 || r1:=y; r2=x", "3 3 3 3"),
        new("MP+RA", "r1=x; w:=1; r2:=w; r3=y || y=1; wmb; x=1", "– – – 4"),
        new("MP wmb rmb", "x=1; wmb; y=1 || r1=y; rmb; r2=x", "– – – 3"),
        new("MP 2 wmb rmb 2", "a=1; x=2; wmb; c=3; d=4 || r1=c; r2=d; rmb; r3=a; r4=x", "– – – 7"),
        new("MP wmb rmb twice", "a=1; wmb; x=2 || r1=x; r2=a; rmb; r3=a", "– – – 5") { Initial = "x=9;" },
        new("MP locks", "lock; r1=x; unlock; lock; r2=y; unlock || y=1; wmb; x=1", "– – – 3"),
        new("MP3 locks", "lock; x=1; unlock || lock; r1=x; y=1; unlock || r1=y; rmb; r2=x", "– – – 7"),
        new("MP reversed locks", "r1=y; lock; r2=x; unlock || lock; x=1; unlock; y=1", "– – – 3"),
        new("MP mb mb", "x=1 || r1=x; mb; r2=y || y=1; mb; r1=x", "– – – 7"),
        new("MP assign", "x=1; rcu_assign_pointer(*p, x) || rlock; r1=rcu_dereference(*p); r2=*r1; runlock", "– – – 2")
            { Initial = "p=z;" },
        new("MP silent", "lock; x=1; unlock || r1:=x; r2=spin_is_locked(s); r3=spin_is_locked(s)", "– – – 12"),
        new("MP silent mb",
            "lock; smp_mb__after_spinlock(); x=1; unlock || r1:=x; r2=spin_is_locked(s); r3=spin_is_locked(s)", "– – – 9"),
        new("MP noret", "y=1; wmb; x=1 || atomic_inc(x); rmb; r1=y", "– – – 4"),
        new("MP noret 2", "y=1; wmb; x=1 || r1=x; rmb; atomic_inc(y)", "– – – 4"),
        new("MP relseq inc", "x=2; y:=2 || atomic_inc(y) || r1:=y; r2=x", "– – – 9") { OfGenMc = 10 },
        new("MP xchg mb", "x=1; r1=xchg_release(y,5) || atomic_inc(y); mb; r1=x", "– – – 3"),
        new("MP sync", "x=1; sync; y=1 || r1=y; r2=x", "– – – 4"),
        new("R", "x=1; y=1 || y=2; r1=x", "3 4 4 4"),
        new("R mb", "x=1; mb; y=1 || y=2; mb; r1=x", "3 3 3 3") { OfGenMc = 4 },
        new("RWC mb", "x=1 || r1=x; mb; r2=y || y=1; mb; r1=x", "7 7 7 7"),
        new("S kernel", "x=2; y=1 || r1=y; x=1", "3 4 4 4"),
        new("S sync", "x=1; sync; y=1 || r1=y; x=2", "– – – 4"),
        new("S sync ctrl", "x=1; sync; y=1 || r1=y; ?r1 x=2", "– – – 2"),
        new("SB kernel", "x=1; r1=y || y=1; r1=x", "3 4 4 4"),
        new("SB mb", "x=1; mb; r1=y || y=1; mb; r1=x", "3 3 3 3"),
        new("SB rfi", "x=1; r1=x; r2=y || y=1; r1=y; r2=x", "3 4 4 4"),
        new("SB wmb mb", "x=1; wmb; r1=y || y=1; mb; r1=x", "– – – 4"),
        new("W+RWC mb", "x=1; mb; y=1 || r1=y; mb; r2=z || z=1; mb; r1=x", "7 7 7 7"),
        new("WRC", "x=1 || r1=x; y=1 || r1=y; r2=x", "7 8 8 8"),
        new("WRC rel rmb", "x=1 || r1=x; y:=1 || r1=y; rmb; r2=x", "– – – 7"),
        new("WWC ctrl", "r1=x; ?r1>0 y=1 || r1=y; ?r1>0 x=1 || x=2", "– – – 4"),
        new("Z6.0 locks", "lock; x=1; y=1; unlock || lock; r1=y; z=1; unlock || z=2; mb; r1=x", "– – – 8"),
        new("Z6.0 rel acq mb", "x=1; y:=1 || r1:=y; z:=1 || z=2; mb; r1=x", "– – – 8"),
        new("lock-write1", "x=1; wmb; lock; unlock || r1=spin_trylock(s); rmb; r2=x; ?r1 unlock", "– – – 4"),
        new("lock-write2", "x=1; wmb; lock; r1=y; unlock || y=1; mb; r1=x", "– – – 4"),
        new("xchg-lock-write1",
            "x=1; wmb; r1=xchg_acquire(w,1); w:=0 || r1=xchg_acquire(w,1); rmb; r2=x; ?r1==0 w:=0", "– – – 8"),
        new("atomic-00", "atomic_inc(x); r1=y || atomic_inc(y); r1=x || atomic_add(2,x); atomic_add(2,y)", "– – – 36"),
        new("atomic-01", "r1=atomic_add_return(1,x); r2=y || r1=atomic_add_return(1,y); r2=x"
            + " || atomic_add(2,x); atomic_add(2,y)", "– – – 27"),
        new("atomic-02", "r1=cmpxchg(x,0,1); r2=y || r1=cmpxchg(y,0,1); r2=x", "– – – 3"),
        new("atomic-03", "r1=cmpxchg(x,0,1) || r1=cmpxchg(x,0,2)", "– – – 2"),
        new("rcu-gp1", "rlock; x=1; y=1; runlock || r1=x; sync; r2=y", "– – – 3"),
        new("rcu-gp2", "rlock; r1=x; r2=y; runlock || x=1; sync; y=1", "– – – 3"),
        new("rcu-gp3", "rlock; r1=x; r2=y; runlock || y=1; sync; x=1", "– – – 3"),
        new("rcu-lb", "rlock; r1=x; runlock; rlock; y=1; runlock || rlock; r1=y; runlock; rlock; x=1; runlock", "– – – 4"),
        new("rcu-lb sync", "rlock; r1=x; y=1; runlock || r1=y; sync; x=1", "– – – 3"),
        new("rcu-remove", "rcu_assign_pointer(*x, z); sync; y=0 || rlock; r1=rcu_dereference(*x); r2=*r1; runlock", "– – – 2")
            { Initial = "z=1; y=2; x=y;" },
        new("rcu-noderef", "a=1; sync; b=2 || rlock; r1=a; ?r1==0 b=1; runlock", "– – – 2"),
        new("rcu-zx2c4", "a=1; sync; r1=b || rlock; r1=a; ?r1==0 {b=1,b=0}; runlock", "– – – 2"),
        new("rcu-ar-link", "rlock; x=1; r1=y; runlock || r1=x; ?r1==1 k=1 || r1=k; w:=1; r2=z; a=r2+1 || r1=a; b=r1"
            + " || r1=b; c:=1 || r1=c; sync; y=1", "– – – 48"),
        new("rcu-ar-link-short", "rlock; x=1; y=1; runlock || r1=x; ?r1==1 z=b || r1=z; r2=*r1 || b=2; sync; r1=y", "– – – 7")
            { Initial = "a=0; b=1; z=a;" },
        new("rcu-ar-link2", "rlock; x=2; r1=y; runlock || x=1; mb; k=1 || r1=k; ?r1 a=2 || a=1; sync; y=1", "– – – 11"),
        new("rcu-link-after-rf", "a=1 || r1=a; sync; b=1 || rlock; r1=b; c=1; runlock || r1=c; ?r1 r2=a", "– – – 12"),
        new("rcu-link-after", "a=1 || a=2; sync; b=1 || rlock; b=2; c=1; runlock || r1=c; ?r1 r2=a", "– – – 16"),
        new("rcu-link-before", "a=1 || rlock; a=2; b=1; runlock || b=2; sync; c=1 || r1=c; ?r1 r2=a", "– – – 16"),
        new("rcu-relacq1", "x=1 || rlock; r1=x; runlock; wmb; y=1 || r1=y; rmb; r2=x", "– – – 8"),
        new("rcu-relacq1-relacq", "x=1 || r1=x; c:=1; wmb; y=1 || r1=y; rmb; r2=x", "– – – 7"),
        new("rcu-weak-readers+gp", "rlock; r1=y; x=1; runlock || r1=x; sync; z=1 || rlock; r1=z; y=1; runlock", "– – – 8"),
        new("rcu-weak-readers+gp2",
            "rlock; r1=x; a=1; runlock || r1=a; sync; c=1 || r1=c; sync; d=1 || rlock; r1=d; x=1; runlock", "– – – 15"),
        new("release-ordering", "r1=z; u:=1; r2=x; y=r2 || y=3; wmb; z=1 || r1=u; mb; x=1 || x=2", "– – – 46"),
    ];
}
