using System.Globalization;
using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Tests.Explorer;

/// <summary>An operation of a <see cref="TinyProgram"/>. Its result is the thread's register of the operation's number.</summary>
internal enum Do
{
    Store,

    /// <summary>Stores the register <see cref="TinyOp.A"/>.</summary>
    StoreRegister,
    Load,
    Add,

    /// <summary>From <see cref="TinyOp.A"/> to <see cref="TinyOp.B"/>.</summary>
    CompareExchange,
    Fence,

    /// <summary>Spins until the word is not zero.</summary>
    Await,

    /// <summary>Enters the lock of the word's number, which is above those of the program's words.</summary>
    Lock,
    Unlock,
}

internal readonly record struct TinyOp(Do Do, int Word, ulong A, ulong B);

/// <summary>A program without branches, as data: what the explorer runs and what <see cref="EveryInterleaving"/>
/// enumerates.</summary>
internal sealed record TinyProgram(int Words, TinyOp[][] Threads)
{
    /// <summary>Two or three threads of two to four operations on two words.</summary>
    public static TinyProgram Random(Random random)
    {
        int threads = random.Next(2, 4);
        return new TinyProgram(2, [.. Enumerable.Range(0, threads).Select(thread =>
            Enumerable.Range(0, random.Next(2, threads == 2 ? 5 : 4)).Select(index => RandomOp(random, index)).ToArray())]);
    }

    /// <summary>Two or three threads whose operations are in parts inside one of two locks, nested or not, or wait for a
    /// word.</summary>
    public static TinyProgram RandomWaiting(Random random)
    {
        int threads = random.Next(2, 4);
        return new TinyProgram(2, [.. Enumerable.Range(0, threads).Select(_ => RandomWaits(random, threads))]);
    }

    /// <summary>Words and the two locks.</summary>
    public int Places => Words + 2;

    public Action<Scene> Scene => scene =>
    {
        Word[] words = [.. Enumerable.Range(0, Words).Select(index => scene.Word(Name(index)))];
        SleepingLock[] locks = [new("first"), new("second")];
        ulong[][] registers = [.. Threads.Select(ops => new ulong[ops.Length])];
        for (int thread = 0; thread < Threads.Length; thread++)
        {
            TinyOp[] ops = Threads[thread];
            ulong[] own = registers[thread];
            scene.Thread($"t{thread}", machine => Run(machine, ops, own, words, locks));
        }
        scene.Outcome(() => Outcome(registers, [.. words.Select(word => word.Value)]));
    };

    public static string Outcome(ulong[][] registers, ulong[] memory) =>
        string.Join('|', registers.Append(memory).Select(values => string.Join(',', values)));

    public override string ToString() => string.Join(" || ", Threads.Select(ops => string.Join("; ", ops.Select(op => op.Do switch
    {
        Do.Store => string.Create(CultureInfo.InvariantCulture, $"{Name(op.Word)}={op.A}"),
        Do.StoreRegister => $"{Name(op.Word)}=r{op.A}",
        Do.Load => $"load {Name(op.Word)}",
        Do.Add => $"{Name(op.Word)}+={op.A}",
        Do.CompareExchange => $"cas {Name(op.Word)} {op.A}->{op.B}",
        Do.Await => $"await {Name(op.Word)}",
        Do.Lock => $"lock {op.Word}",
        Do.Unlock => $"unlock {op.Word}",
        _ => "fence",
    }))));

    private static string Name(int word) => ((char)('x' + word)).ToString();

    private static void Run(Explored machine, TinyOp[] ops, ulong[] registers, Word[] words, SleepingLock[] locks)
    {
        for (int index = 0; index < ops.Length; index++)
        {
            TinyOp op = ops[index];
            if (op.Do is Do.Lock or Do.Unlock)
            {
                SleepingLock named = locks[op.Word - words.Length];
                if (op.Do == Do.Lock) machine.Enter(named);
                else machine.Exit(named);
                continue;
            }
            ref ulong word = ref words[op.Word].Value;
            Backoff backoff = new();
            registers[index] = 0;
            switch (op.Do)
            {
                case Do.Store: machine.Store(ref word, op.A); break;
                case Do.StoreRegister: machine.Store(ref word, registers[op.A]); break;
                case Do.Load: registers[index] = machine.Load(ref word); break;
                case Do.Add: registers[index] = machine.Add(ref word, op.A) - op.A; break;
                case Do.CompareExchange: registers[index] = machine.CompareExchange(ref word, op.B, op.A); break;
                case Do.Await:
                    while ((registers[index] = machine.Load(ref word)) == 0) machine.Relax(ref backoff);
                    break;
                default: machine.FullFence(); break;
            }
        }
    }

    private static TinyOp[] RandomWaits(Random random, int threads)
    {
        TinyOp some = RandomOp(random, 0);
        TinyOp other = random.Next(3) == 0 ? new TinyOp(Do.Await, random.Next(2), 0, 0) : RandomOp(random, 0);
        int outer = random.Next(2, 4);
        int inner = 5 - outer;
        return random.Next(5) switch
        {
            0 when threads == 2 => [new(Do.Lock, outer, 0, 0), new(Do.Lock, inner, 0, 0), some, new(Do.Unlock, inner, 0, 0),
                new(Do.Unlock, outer, 0, 0)],
            1 => [new(Do.Lock, outer, 0, 0), some, new(Do.Unlock, outer, 0, 0), other],
            2 => [some, new(Do.Lock, outer, 0, 0), other, new(Do.Unlock, outer, 0, 0)],
            3 => [some, new(Do.Await, random.Next(2), 0, 0), other],
            _ => [new(Do.Lock, outer, 0, 0), other, some, new(Do.Unlock, outer, 0, 0)],
        };
    }

    private static TinyOp RandomOp(Random random, int index)
    {
        int word = random.Next(2);
        return random.Next(12) switch
        {
            < 3 => new TinyOp(Do.Store, word, (ulong)random.Next(1, 3), 0),
            3 => index == 0 ? new TinyOp(Do.Store, word, 3, 0) : new TinyOp(Do.StoreRegister, word, (ulong)random.Next(index), 0),
            < 8 => new TinyOp(Do.Load, word, 0, 0),
            8 => new TinyOp(Do.Add, word, 1, 0),
            < 11 => new TinyOp(Do.CompareExchange, word, (ulong)random.Next(2), (ulong)random.Next(1, 4)),
            _ => new TinyOp(Do.Fence, 0, 0, 0),
        };
    }
}
