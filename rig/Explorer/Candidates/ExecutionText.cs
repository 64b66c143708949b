using System.Globalization;
using System.Text;
using Lab.Explorer.Orders;
using Lab.Explorer.Schedules;

namespace Lab.Explorer.Candidates;

/// <summary>An execution of a scene under a weak memory model as one short word, to be printed with a failure and handed back for
/// its replay: <c>e1:program:t0+t1:lkmm:1f2e3d4c:b1,i0:a.c</c>.</summary>
/// <remarks>Such an execution is no order of steps: it says what each read reads and in which order the stores to each word are.
/// Version, subject, names of the threads, memory model; eight hex digits, four that stand for the scene and four that are a
/// checksum over everything else; for each read, thread by thread, the event that it reads, i for what a word holds at the
/// start, and the value (<c>w2+1</c> is a pointer to the third word, plus 1); for each word with several, its stores in order.
/// Events have the letters of the picture.</remarks>
internal sealed class ExecutionText(Scene scene, WordPool pool, MemoryModel model)
{
    internal const string Head = "e1:";

    private const char Initially = '-';

    internal static bool IsOne(string text) => text.TrimStart().StartsWith(Head, StringComparison.Ordinal);

    /// <summary>The model that a string was recorded under, or null if it is none that can be read.</summary>
    internal static MemoryModel? ModelOf(string text)
    {
        string[] parts = text.Trim().Split(':');
        if (parts.Length < 4) return null;
        return MemoryModels.All.Where(one => MemoryModels.NameOf(one) == parts[^4]).Select(one => (MemoryModel?)one)
            .FirstOrDefault();
    }

    internal string Encode(Execution x, IReadOnlyList<ThreadTrace> traces)
    {
        string[] reads = [.. Enumerable.Range(0, x.Events.Length).Where(e => x.Events[e].IsRead)
            .Select(e => $"{(x.Sources[e] < 0 ? Initially : DrawnExecution.Label(x.Sources[e]))}={Told(x.Events[e].Value)}")];
        List<string> orders = [];
        EventSet hasEarlier = x.Co.Range;
        for (int first = 0; first < x.Events.Length; first++)
        {
            if (!x.Events[first].IsWrite || hasEarlier[first]) continue;
            int[] all = [first, .. Enumerable.Range(0, x.Events.Length).Where(e => x.Co[first, e])
                .OrderBy(e => Enumerable.Range(0, x.Events.Length).Count(before => x.Co[before, e]))];
            if (all.Length > 1) orders.Add(string.Join('.', all.Select(DrawnExecution.Label)));
        }
        string head = $"{Head}program:{Threads}:{MemoryModels.NameOf(model)}:{Key.Code:x4}";
        string body = $"{string.Join(',', reads)}:{string.Join('/', orders)}";
        return $"{head}{SumOf(head, body):x4}:{body}";
    }

    /// <exception cref="ArgumentException">It is none, or belongs to another program or model; the message is a
    /// sentence.</exception>
    internal RecordedExecution Decode(string text)
    {
        text = text.Trim();
        string[] parts = text.Split(':');
        if (parts.Length != 7 || !IsOne(text))
        {
            throw new ArgumentException($"This is no execution of a weak memory model; one begins with '{Head}' and is printed "
                + "with each failure. Copy it whole.");
        }
        if (parts[4].Length != 8 || !ushort.TryParse(parts[4][..4], NumberStyles.HexNumber, CultureInfo.InvariantCulture,
            out ushort code)
            || SumOf($"{string.Join(':', parts[..4])}:{parts[4][..4]}", $"{parts[5]}:{parts[6]}").ToString("x4",
                CultureInfo.InvariantCulture) != parts[4][4..])
        {
            throw new ArgumentException(
                "The execution's string was cut or edited: its checksum does not match. Copy it again.");
        }
        MemoryModel recorded = ModelOf(text) ?? throw new ArgumentException($"There is no memory model '{parts[3]}'.");
        ScheduleKey found = new(ScheduleKey.CurrentVersion, parts[1], parts[2], recorded, code);
        if (ScheduleText.Mismatch(Key, found) is { } mismatch) throw new ArgumentException(mismatch);
        string[] reads = parts[5].Length == 0 ? [] : parts[5].Split(',');
        return new RecordedExecution(
            [.. reads.Select(read => Number(read.Split('=')[0]))],
            [.. reads.Select(read => ValueOf(read.Split('=')[^1]))],
            [.. parts[6].Split('/', StringSplitOptions.RemoveEmptyEntries)
                .Select(order => order.Split('.').Select(Number).ToArray())]);
    }

    private string Threads => Key.Scenario;

    private ScheduleKey Key => ScheduleKey.Of(scene, model);

    private string Told(long value) => pool.PlaceOf(unchecked((ulong)value)) is not (int word, int rest)
        ? unchecked((ulong)value).ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"w{word}+{rest}");

    private long ValueOf(string text)
    {
        if (text.StartsWith('w') && text[1..].Split('+') is [var word, var rest])
        {
            return unchecked((long)pool.At(Whole(word), Whole(rest)));
        }
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? unchecked((long)value)
            : throw Garbled(text);
    }

    private static int Whole(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int whole) ? whole : throw Garbled(text);

    /// <summary>Number of the event with that label; −1 for what was there at the start.</summary>
    private static int Number(string label)
    {
        if (label.Length == 1 && label[0] == Initially) return -1;
        int number = 0;
        foreach (char letter in label)
        {
            if (letter is < 'a' or > 'z' || label.Length > 2) throw Garbled(label);
            number = number * 26 + (letter - 'a' + 1);
        }
        return label.Length == 0 ? throw Garbled(label) : number - 1;
    }

    private static ArgumentException Garbled(string what) => new($"'{what}' is nothing that an execution's string has.");

    private static ushort SumOf(string head, string body) => CheckSum.Of(Encoding.UTF8.GetBytes($"{head}:{body}"));
}

/// <summary>What an execution's string says.</summary>
/// <param name="Sources">For each read, the event it reads; −1 for what the word holds at the start.</param>
/// <param name="Values">For each read, the value.</param>
/// <param name="Orders">For each word with several stores, these in order.</param>
internal sealed record RecordedExecution(int[] Sources, long[] Values, int[][] Orders)
{
    /// <summary>Runs the threads and puts the execution together.</summary>
    /// <exception cref="ArgumentException">The program's threads do something else.</exception>
    internal (Execution X, ThreadTrace[] Traces) Run(SceneProgram program, OrderModel model)
    {
        ThreadTrace[] traces = new ThreadTrace[program.Threads];
        int fed = 0;
        try
        {
            for (int thread = 0; thread < traces.Length; thread++)
            {
                TraceWriter writer = new(_ => [], OrderChanges.None, model.HasFencesAroundModifications) { Fed = Values[fed..] };
                _ = writer.Begin(isFirst: true);
                traces[thread] = program.Run(thread, writer);
                fed += traces[thread].Events.Count(e => e.IsRead);
            }
        }
        catch (Exception e) when (e is TraceDiffersException or TraceBlockedException)
        {
            throw Other();
        }
        Execution x = new([.. traces.Select(trace => trace.Events)]);
        int[] reads = [.. Enumerable.Range(0, x.Events.Length).Where(e => x.Events[e].IsRead)];
        if (reads.Length != Sources.Length) throw Other();
        int[] sources = new int[x.Events.Length];
        Array.Fill(sources, -1);
        for (int read = 0; read < reads.Length; read++)
        {
            (MemoryEvent e, int source) = (x.Events[reads[read]], Sources[read]);
            bool isThere = source < 0 ? program.Initial[e.Location] == e.Value
                : source < x.Events.Length && x.Events[source] is { IsWrite: true } w && w.Location == e.Location
                    && w.Value == e.Value;
            if (!isThere) throw Other();
            sources[reads[read]] = source;
        }
        int[][] orders = new int[program.Initial.Count][];
        for (int location = 0; location < orders.Length; location++)
        {
            int[] writes = [.. Enumerable.Range(0, x.Events.Length)
                .Where(e => x.Events[e].IsWrite && x.Events[e].Location == location)];
            int[] order = writes.Length < 2 ? writes : Orders.FirstOrDefault(one => one.Contains(writes[0])) ?? [];
            if (!order.Order().SequenceEqual(writes)) throw Other();
            orders[location] = order;
        }
        x.Choose(sources, orders);
        return (x, traces);
    }

    private static ArgumentException Other() =>
        new("The execution cannot be followed: the program does something else than when it was recorded.");
}
