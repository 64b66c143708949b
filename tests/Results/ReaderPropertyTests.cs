using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Lab.Results;
using Lab.Results.HdrLog;
using Lab.Results.Tracking;
using Xunit;

namespace Lab.Tests.Results;

/// <summary>Any bytes give a result or an error that names the place; no other exception, and no line that is neither in the
/// result nor reported. Half of the inputs are noise, half are good files with a few bytes changed, dropped or doubled.</summary>
public sealed class ReaderPropertyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Arbitrary<byte[]> Damaged(byte[] good)
    {
        Gen<byte[]> noise = ArbMap.Default.GeneratorFor<byte[]>();
        Gen<byte[]> text = Gen.Elements("0123456789.,\"'\n\r\t:=#-+eENaB x/é\0"u8.ToArray()).ArrayOf();
        Gen<(int, byte, int)[]> edits = (from at in Gen.Choose(0, good.Length - 1) from value in Gen.Choose(0, 255)
            from kind in Gen.Choose(0, 3) select (at, (byte)value, kind)).ArrayOf();
        return Gen.OneOf(noise, text, edits.Select(Edit), edits.Select(Edit)).ToArbitrary();

        byte[] Edit((int At, byte Value, int Kind)[] edits)
        {
            List<byte> bytes = [.. good];
            foreach ((int at, byte value, int kind) in edits.Take(4))
            {
                int place = Math.Min(at, bytes.Count - 1);
                if (kind == 0) bytes[place] = value;
                else if (kind == 1) bytes.RemoveRange(place, Math.Min(value, bytes.Count - 1 - place));
                else if (kind == 2) bytes.InsertRange(place, bytes.Slice(place, Math.Min(value, bytes.Count - place)));
                else bytes[place] ^= (byte)(1 << value % 8);
            }
            return [.. bytes];
        }
    }

    private static void ForAll(byte[] good, Func<byte[], bool> holds) =>
        Prop.ForAll(Damaged(good), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(400).WithReplay(2026, 1121));

    private static int LineCount(byte[] bytes)
    {
        using StreamReader text = new(new MemoryStream(bytes), Encoding.UTF8);
        int lines = 0;
        while (text.ReadLine() is not null) lines++;
        return lines;
    }

    [Fact]
    public void Every_line_of_a_history_is_a_row_or_reported()
    {
        string path = Path.Combine(_folder.Path, "history.csv");
        HistoryFile file = new(path);
        file.Append([.. Enumerable.Range(0, 5).Select(index => TrackerTests.Row(index, index))]);
        ForAll(File.ReadAllBytes(path), bytes =>
        {
            File.WriteAllBytes(path, bytes);
            try
            {
                History history = file.Read();
                return history.Rows.Count + history.Damaged.Count == Math.Max(0, LineCount(bytes) - 1)
                    && history.Rows.All(row => double.IsFinite(row.Value));
            }
            catch (RunDamagedException e)
            {
                return e.Line == 1;
            }
        });
    }

    [Fact]
    public void Whatever_is_appended_is_read_back()
    {
        string path = Path.Combine(_folder.Path, "appended.csv");
        // Without half surrogates, which UTF-8 cannot hold, and control characters, which are refused.
        Gen<string> name = ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => string.Concat(
            Encoding.UTF8.GetString(Encoding.UTF8.GetBytes("n" + text.Get))
                .Where(letter => !char.IsControl(letter) && letter != '\uFFFD')));
        Gen<string> point = from letter in Gen.Elements('c', '7', 'Z')
            from rest in Gen.Elements("._-+~/:@^aF09".ToCharArray()).ArrayOf() select letter + string.Concat(rest.Take(30));
        Gen<HistoryRow> row = from commit in point from strategy in name from value in ArbMap.Default.GeneratorFor<NormalFloat>()
            select TrackerTests.Row(0, Math.Clamp(Math.Abs(value.Get), 1e-9, 1e18)) with { Commit = commit, Strategy = strategy };
        Prop.ForAll(row.ArrayOf().ToArbitrary(), drawn =>
        {
            File.Delete(path);
            HistoryRow[] rows = [.. drawn.Index().Select(one => one.Item with { RunId = $"run-{one.Index}" })];
            new HistoryFile(path).Append(rows);
            History history = new HistoryFile(path).Read();
            return history.Rows.SequenceEqual(rows) && history.Damaged.Count == 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(50).WithReplay(2026, 1121));
    }

    [Fact]
    public void Every_line_of_a_histogram_log_is_kept_or_the_first_bad_one_named()
    {
        byte[] good = HdrLogTests.Written(HdrLogFile.Of("lab", DateTimeOffset.UnixEpoch, [HdrInterval.Of("a", 0, 1,
            HdrLogTests.Histogram((5, 3), (70_000, 2))), HdrInterval.Of(null, 1, 1, HdrLogTests.Histogram((1, 1)))]));
        ForAll(good, bytes =>
        {
            try
            {
                HdrLogFile log = HdrLogFile.Read(new MemoryStream(bytes), "log");
                HdrLogFile again = HdrLogFile.Read(new MemoryStream(HdrLogTests.Written(log)), "again");
                return log.Lines.Count == LineCount(bytes) && Totals(log).SequenceEqual(Totals(again));
            }
            catch (RunDamagedException e)
            {
                return e.Line >= 1 && e.Line <= LineCount(bytes);
            }
        });

        static IEnumerable<long> Totals(HdrLogFile log) => log.Intervals.Select(interval => interval.Histogram.TotalCount);
    }

    [Fact]
    public void Histogram_bytes_are_a_histogram_or_refused()
    {
        ForAll(HdrCodec.Encode(HdrLogTests.Histogram((5, 3), (70_000, 2), (123_456_789, 40))), bytes =>
        {
            try
            {
                HdrHistogram histogram = HdrCodec.Decode(bytes);
                return HdrCodec.Decode(HdrCodec.Encode(histogram)).Counts.SequenceEqual(histogram.Counts);
            }
            catch (InvalidDataException e)
            {
                return e.Message.Length > 0;
            }
        });
    }

    /// <summary>Past the checksum of zlib: damage to what is compressed.</summary>
    [Fact]
    public void Histogram_bytes_are_a_histogram_or_refused_also_when_the_damage_was_compressed_with_them()
    {
        ForAll(HdrCodec.EncodeUncompressed(HdrLogTests.Histogram((5, 3), (70_000, 2), (123_456_789, 40))), bytes =>
        {
            try
            {
                HdrHistogram histogram = HdrCodec.Decode(HdrCodec.Compress(bytes));
                return histogram.Counts.All(slot => slot.Slot < histogram.Geometry.SlotCount && slot.Count > 0)
                    && histogram.TotalCount >= 0;
            }
            catch (InvalidDataException e)
            {
                return e.Message.Length > 0;
            }
        });
    }
}
