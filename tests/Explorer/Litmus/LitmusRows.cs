using Lab.Explorer;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>A shape and what models say of it.</summary>
/// <param name="Name">Number and shape.</param>
/// <param name="Threads">As <see cref="Shape"/> reads them.</param>
/// <param name="Condition">Of <c>exists</c>, or a whole question.</param>
/// <param name="Verdicts">Under sc, tso, rc11, arm, arm-ldapr and lkmm, with the number of states or without: A allowed, F
/// forbidden, – not known from elsewhere, and not asked; with † nobody else has published it: it stands there because
/// <see cref="BruteForce"/> agrees.</param>
/// <param name="Initial">What words hold at the start.</param>
internal sealed record LitmusRow(string Name, string Threads, string Condition, string Verdicts, string Initial = "")
{
    private static readonly MemoryModel[] Columns =
        [MemoryModel.Sc, MemoryModel.Tso, MemoryModel.Rc11, MemoryModel.Arm, MemoryModel.ArmLdapr, MemoryModel.Lkmm];

    internal string Text => Shape.Text(Name.Replace(' ', '-'), Threads, Condition, Initial);

    internal IEnumerable<(MemoryModel Model, bool IsAllowed, int? States)> Expected =>
        Verdicts.Replace("†", "").Split(' ').Zip(Columns).Where(pair => pair.First != "–")
            .Select(pair => (pair.Second, pair.First[0] == 'A', pair.First.Length > 1
                ? int.Parse(pair.First[1..], System.Globalization.CultureInfo.InvariantCulture) : (int?)null));

    /// <summary>The models whose verdict is the tests' own.</summary>
    internal IEnumerable<MemoryModel> Marked =>
        Verdicts.Split(' ').Zip(Columns).Where(pair => pair.First.EndsWith('†')).Select(pair => pair.Second);

    /// <summary>Threads and condition with a dependency of the same kind in place of a pointer, which
    /// <see cref="BruteForce"/> does not know; null if there is none.</summary>
    internal (string Threads, string Condition)? WithoutPointers { get; init; }

    private const string Sb = @"0:r1=0 /\ 1:r1=0", Mp = @"1:r1=1 /\ 1:r2=0", Lb = @"0:r1=1 /\ 1:r1=1",
        Wrc = @"1:r1=1 /\ 2:r1=1 /\ 2:r2=0", Iriw = @"1:r1=1 /\ 1:r2=0 /\ 3:r1=1 /\ 3:r2=0",
        Rwc = @"1:r1=1 /\ 1:r2=0 /\ 2:r1=0", Z6 = @"1:r1=1 /\ z=2 /\ 2:r1=0", Twice = @"x=1 /\ y=1";

    /// <summary>Sources: herd7's catalogue (verdicts and states of linux and aarch64, kinds of x86_64), GenMC's and Dartagnan's
    /// expectations of RC11 and of the kernel's model.</summary>
    internal static IReadOnlyList<LitmusRow> All { get; } =
    [
        new("01 SB", "x=1; r1=y || y=1; r1=x", Sb, "F A A A A A4"),
        new("02 SB mb", "x=1; mb; r1=y || y=1; mb; r1=x", Sb, "F F F F F F3"),
        new("03 SB rel acq", "x:=1; r1:=y || y:=1; r1:=x", Sb, "F A† A F A A"),
        new("05 SB one mb", "x=1; mb; r1=y || y=1; r1=x", Sb, "F A A A A A"),
        new("05 SB mb rel acq", "x=1; mb; r1=y || y:=1; r1:=x", Sb, "F A A – A A"),
        new("06 SB rfi", "x=1; r1=x; r2=y || y=1; r1=y; r2=x", @"0:r2=0 /\ 1:r2=0", "F A A A A A4"),
        new("07 MP", "x=1; y=1 || r1=y; r2=x", Mp, "F F A A A A4"),
        new("08 MP rel acq", "x=1; y:=1 || r1:=y; r2=x", Mp, "F F F F F F3"),
        new("09 MP wmb rmb", "x=1; wmb; y=1 || r1=y; rmb; r2=x", Mp, "F F F F F F3"),
        new("10 MP wmb po", "x=1; wmb; y=1 || r1=y; r2=x", Mp, "F F A A A A4"),
        new("11 MP po rmb", "x=1; y=1 || r1=y; rmb; r2=x", Mp, "F F A A A A4"),
        new("12 MP wmb addr", "x=2; wmb; p=x || r1=p; r2=*r1", @"1:r1=x /\ 1:r2=0", "F F A† F F F2", "p=z;")
            { WithoutPointers = ("x=2; wmb; y=1 || r1=y; r2=x@r1", Mp) },
        new("13 MP rel ctrl", "x=1; y:=1 || r1=y; ?r1>=0 r2=x", Mp, "F F A A A A4"),
        new("14 MP assign", "x=2; rcu_assign_pointer(*p, x) || r1=rcu_dereference(*p); r2=*r1", @"1:r1=x /\ 1:r2=0",
            "F F A† F F F2", "p=z;") { WithoutPointers = ("x=2; y:=1 || r1=y; r2=x@r1", Mp) },
        new("15 LB", "r1=x; y=1 || r1=y; x=1", Lb, "F F F A A A4"),
        new("16 LB data po", "r1=x; y=1 || r1=y; x=r1", Lb, "F F F A A A"),
        new("17 LB data x3", "r1=x; y=(r1&0)+1 || r1=y; z=(r1&0)+1 || r1=z; x=(r1&0)+1", @"0:r1=1 /\ 1:r1=1 /\ 2:r1=1",
            "F F F F F F7"),
        new("18 LB rel acq", "r1=x; y:=1 || r1:=y; x=1", Lb, "F F F F F F3"),
        new("19 LB rel ctrl", "r1=x; y:=1 || r1=y; ?r1>=0 x=1", Lb, "F F F F F F3"),
        new("20 LB mb ctrl", "r1=x; ?r1 y=1 || r1=y; mb; x=1", Lb, "F F F F F F2"),
        new("21 LB wmb", "r1=x; wmb; y=1 || r1=y; wmb; x=1", Lb, "F F F A A A†"),
        new("22 LB rmb", "r1=x; rmb; y=1 || r1=y; rmb; x=1", Lb, "F F F F F A†"),
        new("23 LB cmpxchg ctrl", "r1=cmpxchg(x,2,3); ?r1>=0 y=1 || r1=y; ?r1>=0 x=1", Lb, "F F F F F F3"),
        new("24 R", "x=1; y=1 || y=2; r1=x", @"y=2 /\ 1:r1=0", "F A A A A A4"),
        new("24 R mb", "x=1; mb; y=1 || y=2; mb; r1=x", @"y=2 /\ 1:r1=0", "F F F F F F3"),
        new("25 R wmb mb", "x=1; wmb; y=1 || y=2; mb; r1=x", @"y=2 /\ 1:r1=0", "F F A† F F A4"),
        new("26 S", "x=2; y=1 || r1=y; x=1", @"1:r1=1 /\ x=2", "F F A A A A4"),
        new("27 S wmb acq", "x=2; wmb; y=1 || r1:=y; x=1", @"1:r1=1 /\ x=2", "F F F F F F3"),
        new("27 S wmb addr", "x=2; wmb; y=1 || r1=y; x@r1=1", @"1:r1=1 /\ x=2", "F F A† F F F"),
        new("28 2+2W", "x=1; y=2 || y=1; x=2", Twice, "F F A A A A4"),
        new("29 2+2W wmb", "x=1; wmb; y=2 || y=1; wmb; x=2", Twice, "F F A† F F A4"),
        new("30 WRC", "x=1 || r1=x; y=1 || r1=y; r2=x", Wrc, "F F A A A A8"),
        new("31 WRC rel rmb", "x=1 || r1=x; y:=1 || r1=y; rmb; r2=x", Wrc, "F F F F F F7"),
        new("31 WRC rel acq", "x=1 || r1=x; y:=r1 || r1:=y; r2=x", Wrc, "F F F F F F5"),
        new("32 WRC data rmb", "x=1 || r1=x; y=r1 || r1=y; rmb; r2=x", Wrc, "F F A† F F A6"),
        new("33 IRIW", "x=1 || r1=x; r2=y || y=1 || r1=y; r2=x", Iriw, "F F A A A A16"),
        new("34 IRIW rel acq", "x:=1 || r1:=x; r2:=y || y:=1 || r1:=y; r2:=x", Iriw, "F F A F F A"),
        new("35 IRIW mb", "x=1 || r1=x; mb; r2=y || y=1 || r1=y; mb; r2=x", Iriw, "F F F F F F15"),
        new("36 ISA2", "x=1; y=1 || r1=y; z=1 || r1=z; r2=x", Wrc, "F F A A A A8"),
        new("37 ISA2 rel acq", "x=1; y:=1 || r1:=y; z:=1 || r1:=z; r2=x", Wrc, "F F F F F F7"),
        new("38 ISA2 locks", "lock; x=1; y=1; unlock || lock; r1=y; z=1; unlock || r1=z; mb; r2=x", Wrc, "F F A† F F F7"),
        new("39 RWC", "x:=1 || r1=x; r2=y || y=1; r1=x", Rwc, "F A A A A A"),
        new("39 RWC mb", "x:=1 || r1=x; mb; r2=y || y=1; mb; r1=x", Rwc, "F F F F F F"),
        new("40 W+RWC mb acq mb", "x=1; mb; y=1 || r1:=y; r2=z || z=1; mb; r1=x", Rwc, "F F – F F F7"),
        new("40 W+RWC rel acq mb", "x=1; y:=1 || r1:=y; r2=z || z=1; mb; r1=x", Rwc, "F F† A† F F A8"),
        new("41 WWC data addr", "x=2 || r1=x; y=r1 || r1=y; x@r1=1", @"1:r1=2 /\ 2:r1=2 /\ x=2", "F F A F F A"),
        new("41 WWC rel addr", "x=2 || r1=x; y:=r1 || r1=y; x@r1=1", @"1:r1=2 /\ 2:r1=2 /\ x=2", "F F A† F F F"),
        new("42 Z6.0 locks", "lock; x=1; y=1; unlock || lock; r1=y; z=1; unlock || z=2; mb; r1=x", Z6, "F – – – – A8"),
        new("42 Z6.0 locks mb", "lock; x=1; y=1; unlock || lock; smp_mb__after_unlock_lock(); r1=y; z=1; unlock || z=2; mb; r1=x",
            Z6, "F – – – – F7"),
        new("43 Z6.2 rel acq mb", "x=1; y:=1 || r1:=y; z=1 || z=2; mb; r1=x", Z6, "F – – – – A8"),
        new("43 Z6.2 chain", "x=1; y:=1 || r1:=y; z:=1 || r1:=z; w:=1 || r1:=w; r2=x",
            @"1:r1=1 /\ 2:r1=1 /\ 3:r1=1 /\ 3:r2=0", "F – – – – F15"),
        new("44 CoRR", "x=1 || r1=x; r2=x", Mp, "F F F F F F3"),
        new("44 CoRW", "r1=x; x=1 || x=2", @"x=2 /\ 0:r1=2", "F F F F F F3"),
        new("44 CoWR", "x=1; r1=x || x=2", @"x=1 /\ 0:r1=2", "F F F F F F3"),
        new("44 CoWW", "x=1; x=2", "x=1", "F F F F F F1"),
        new("45 PPOCA", "x=1; mb; y=1 || r1=y; ?r1>=0 {z=1,r2=z,r3=x@r2}", @"1:r1=1 /\ 1:r2=1 /\ 1:r3=0", "F F – A A –"),
        new("45 PPOAA", "x=1; mb; y=1 || r1=y; z@r1=1; r2=z; r3=x@r2", @"1:r1=1 /\ 1:r2=1 /\ 1:r3=0", "F F – F F –"),
        new("46 MP locks", "x=1; lock; y=1; unlock || lock; r1=y; unlock; r2=x", Mp, "F F F F F F3"),
        new("46 MP reversed locks", "lock; x=1; unlock; y=1 || r1=y; lock; r2=x; unlock", Mp, "F F F F F F3"),
        new("46 MP unlock-lock rmb", "lock; x=1; unlock; lock; y=1; unlock || r1=y; rmb; r2=x", Mp, "F F A† F F F3"),
        new("47 MP silent", "lock; x=1; unlock || r1:=x; r2=spin_is_locked(s); r3=spin_is_locked(s)",
            @"1:r1=1 /\ 1:r2=0 /\ 1:r3=1", "F – – – – A8"),
        new("47 MP silent mb", "lock; smp_mb__after_spinlock(); x=1; unlock || r1:=x; r2=spin_is_locked(s); r3=spin_is_locked(s)",
            @"1:r1=1 /\ 1:r2=0 /\ 1:r3=1", "F – – – – F7"),
        new("48 LB unlock-lock acq", "lock; r1=x; unlock; lock; y=1; unlock || r1:=y; x=1", Lb, "F F F F† F† F3"),
        new("49 list removal", "rcu_assign_pointer(*w, y); sync; r1=c; ?r1==x {c=0,synchronize_rcu()}; x:=0"
            + " || rlock; r1=c; ?r1==0 r1=v; r2=rcu_dereference(*r1); c:=r2; runlock;"
            + " rlock; r3=c; ?r3==0 r3=v; r4=rcu_dereference(*r3); c:=r4; runlock",
            @"locations [0:r1; 1:r1; 1:r3; c; v; w; x; y] exists (1:r1=0 \/ 1:r2=0 \/ 1:r3=0 \/ 1:r4=0)", "F – – – – F7",
            "z=1; y=z; x=y; w=x; v=w; c=w;"),
        new("49 add_unless", "x=1; r1=atomic_add_unless(z,1,5); y=1 || r1=y; ?r1==1 x=2",
            @"locations [z;] exists (1:r1=1 /\ x=1)", "F – – – – F2"),
        new("49 cmpxchg", "r1=cmpxchg(x,1,2) || r1=cmpxchg(x,0,1)", @"locations [1:r1] exists (0:r1=1 /\ ~x=2)", "F – – – – F2"),
        new("50 CCIRIW", "x=1 || x=2 || r1=x; r2=x || r1=x; r2=x", @"2:r1=1 /\ 2:r2=2 /\ 3:r1=2 /\ 3:r2=1", "F – – – – F47"),

        new("ARM MP rel SWPacq", "x=1; y:=1 || r1=xchg_acquire(y,2); r2=x", Mp, "F – – F F –"),
        new("ARM MP ld ld", "x=1; rmb; y=1 || r1=y; rmb; r2=x", Mp, "F – – A A –"),
        new("ARM R sy ld", "x=1; mb; y=1 || y=2; rmb; r1=x", @"y=2 /\ 1:r1=0", "F – – A A –"),
        new("ARM R poll pola", "x:=1; y:=1 || y:=2; r1:=x", @"y=2 /\ 1:r1=0", "F – – F – –"),
        new("ARM WRC ld addr", "x=1 || r1=x; rmb; y=1 || r1=y; r2=x@r1", Wrc, "F – – F F –"),
        new("ARM WRC st addr", "x=1 || r1=x; wmb; y=1 || r1=y; r2=x@r1", Wrc, "F – – A A –"),
        new("ARM ISA2 st addr addr", "x=1; wmb; y=1 || r1=y; z@r1=1 || r1=z; r2=x@r1", Wrc, "F – – F F –"),
        new("ARM ISA2 ld sy sy", "x=1; rmb; y=1 || r1=y; mb; z=1 || r1=z; mb; r2=x", Wrc, "F – – A A –"),
        new("ARM IRIW ld ld", "x=1 || r1=x; rmb; r2=y || y=1 || r1=y; rmb; r2=x", Iriw, "F – – F F –"),
        new("ARM LB rel CAS", "r1=x; y:=1 || r1=cmpxchg_acquire(y,1,2); x=1", Lb, "F – – F F –"),
        new("ARM LB rel LDADD", "r1=x; y:=1 || r1=atomic_fetch_add_acquire(1,y); x=1", Lb, "F – – F F –"),
    ];
}
