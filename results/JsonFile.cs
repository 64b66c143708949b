using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Lab.Results;

/// <summary>What a number of a JSON file may be; from 0 to <see cref="Domain.NumberMax"/> where a property does not
/// say.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BetweenAttribute(double least, double most = Domain.NumberMax) : Attribute
{
    internal static BetweenAttribute ByDefault { get; } = new(0);

    internal double Least => least;

    internal double Most => most;

    internal bool Holds(double value) => value >= least && value <= most;

    public override string ToString() => Domain.Words(least, most);
}

/// <summary>Text that is a name, see <see cref="Domain.IsName"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NameAttribute : Attribute;

/// <summary>Text that is a commit's hash, see <see cref="Domain.IsCommit"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CommitAttribute : Attribute;

/// <summary>Reads JSON into a record whose declaration says what may stand there: which keys must, which values may be null, what
/// numbers may be. What else stands there is refused with its line, before the record is made.</summary>
internal ref struct JsonFile
{
    private const string SchemaVersion = "schema_version";

    private readonly string _path;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly List<string> _place = [];
    private readonly Dictionary<string, long> _lines = [];
    private Utf8JsonReader _json;
    private readonly DateTimeOffset _latest;
    private (int Offset, long Line) _counted;
    private long _keyLine;

    private JsonFile(string path, ReadOnlySpan<byte> bytes)
    {
        (_path, _counted, _latest) = (path, (0, 1), Domain.LatestIn(path));
        _bytes = bytes;
        _json = new Utf8JsonReader(bytes);
    }

    /// <param name="odd">Finds what no single value shows, and says at which place, such as <c>arms[1]</c>, and what; null for
    /// nothing.</param>
    /// <exception cref="RunDamagedException">Names file, line, what was found and what was expected.</exception>
    internal static T Read<T>(string path, JsonTypeInfo<T> type, Func<T, (string Place, string Why)?>? odd = null)
        where T : class
    {
        ReadOnlySpan<byte> bytes = Contents(path);
        JsonFile file = new(path, bytes);
        file.Check(type);
        T read = JsonSerializer.Deserialize(bytes, type)!;
        return odd?.Invoke(read) is not { } found ? read
            : throw new RunDamagedException(path, file._lines.GetValueOrDefault(found.Place, 1), found.Why);
    }

    private static ReadOnlySpan<byte> Contents(string path)
    {
        try
        {
            ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
            return bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RunDamagedException.Unreadable(path, e);
        }
    }

    private readonly string Place => string.Concat(_place).TrimStart('.');

    private void Check(JsonTypeInfo type)
    {
        try
        {
            _ = _json.Read();
            Value(type, mayBeNull: false, property: null);
            _ = _json.Read();
        }
        catch (JsonException e)
        {
            throw new RunDamagedException(_path, e.LineNumber + 1, "is not JSON from here on", e);
        }
    }

    private void Value(JsonTypeInfo type, bool mayBeNull, JsonPropertyInfo? property)
    {
        _lines[Place] = Line();
        switch (_json.TokenType, type.Kind)
        {
            case (JsonTokenType.Null, _) when mayBeNull:
                break;
            case (JsonTokenType.StartObject, JsonTypeInfoKind.Object):
                Object(type);
                break;
            case (JsonTokenType.StartObject, JsonTypeInfoKind.Dictionary):
                HashSet<string> keys = [];
                JsonTypeInfo value = type.Options.GetTypeInfo(type.ElementType!);
                while (Key(keys) is { } key) Within($".{key}", value, mayBeNull: false, property);
                break;
            case (JsonTokenType.StartArray, JsonTypeInfoKind.Enumerable):
                for (int index = 0; _json.Read() && _json.TokenType != JsonTokenType.EndArray; index++)
                {
                    JsonTypeInfo element = type.Options.GetTypeInfo(type.ElementType!);
                    Within($"[{index}]", element, Nullable.GetUnderlyingType(element.Type) is not null, property);
                }
                break;
            case (_, JsonTypeInfoKind.None) when Unfit(type, property) is null:
                break;
            case (JsonTokenType.Number, JsonTypeInfoKind.None) when property?.Name == SchemaVersion:
                throw new RunDamagedException(_path, Line(), $"schema version {Encoding.UTF8.GetString(_json.ValueSpan)} is not "
                    + $"supported (this program reads up to {RangeOf(property).Most})");
            default:
                throw Bad(type.Kind switch
                {
                    JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => "an object",
                    JsonTypeInfoKind.Enumerable => "a list",
                    _ => Unfit(type, property)!,
                });
        }
    }

    private void Object(JsonTypeInfo type)
    {
        string place = Place;
        HashSet<string> keys = [];
        (string Key, long Line)? unknown = null;
        while (Key(keys) is { } key)
        {
            if (type.Properties.FirstOrDefault(one => one.Name == key && IsPart(one)) is not { } property)
            {
                unknown ??= (key, _keyLine);
                _json.Skip();
                continue;
            }
            Within($".{key}", type.Options.GetTypeInfo(property.PropertyType), property.IsSetNullable, property);
        }
        string[] missing = [.. type.Properties.Where(one => IsPart(one) && !keys.Contains(one.Name)).Select(one => one.Name)];
        string? needed = type.Properties.FirstOrDefault(one => one.IsRequired && missing.Contains(one.Name))?.Name;
        // A later version may write more keys, an earlier one wrote fewer; one missing and another there is a misspelling.
        if (needed is null && (unknown is null || missing.Length == 0)) return;
        string owner = place.Length == 0 ? "the file" : $"'{place}'";
        throw unknown is not { } other ? new RunDamagedException(_path, _lines[place], $"{owner} has no '{needed}'; expected one")
            : new RunDamagedException(_path, other.Line,
                $"{owner} has '{Domain.Shorten(other.Key)}'; expected '{needed ?? missing[0]}'");
    }

    private static bool IsPart(JsonPropertyInfo property) => property.Get is not null;

    private string? Key(HashSet<string> keys)
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.PropertyName) return null;
        string key = Text() ?? throw Bad("a key in UTF-8");
        _keyLine = Line();
        if (!keys.Add(key)) throw Bad($"'{key}' once");
        _ = _json.Read();
        return key;
    }

    private void Within(string step, JsonTypeInfo type, bool mayBeNull, JsonPropertyInfo? property)
    {
        _place.Add(step);
        Value(type, mayBeNull, property);
        _place.RemoveAt(_place.Count - 1);
    }

    /// <summary>What was expected instead of this scalar; null if it may stand there.</summary>
    private string? Unfit(JsonTypeInfo type, JsonPropertyInfo? property)
    {
        Type wanted = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (wanted == typeof(bool)) return _json.TokenType is JsonTokenType.True or JsonTokenType.False ? null : "true or false";
        if (wanted.IsEnum)
        {
            string[] words = [.. Enum.GetValuesAsUnderlyingType(wanted).Cast<int>().Select(value =>
                JsonSerializer.Serialize(Enum.ToObject(wanted, value), type.Options.GetTypeInfo(wanted)).Trim('"'))];
            return Text() is { } word && words.Contains(word) ? null : string.Join(", ", words);
        }
        if (wanted == typeof(string)) return Text() is not { } text ? "text"
            : Has<CommitAttribute>(property) ? Domain.IsCommit(text) ? null : Domain.CommitWords
            : !Has<NameAttribute>(property) || Domain.IsName(text) ? null : "a name";
        if (wanted == typeof(DateTimeOffset))
        {
            if (_json.TokenType != JsonTokenType.String || !_json.TryGetDateTimeOffset(out DateTimeOffset time))
            {
                return "a time such as 2026-11-21T12:00:00Z";
            }
            return time >= Domain.EarliestTime && time <= _latest ? null : Domain.TimeWords;
        }
        BetweenAttribute range = RangeOf(property);
        bool isNumber = _json.TokenType == JsonTokenType.Number;
        if (wanted == typeof(ulong)) return isNumber && _json.TryGetUInt64(out _) ? null : "a whole number from 0 up";
        if (wanted == typeof(double)) return isNumber && _json.TryGetDouble(out double number) && range.Holds(number) ? null
            : $"a number {range}";
        bool isWhole = wanted == typeof(int) ? isNumber && _json.TryGetInt32(out _) : isNumber && _json.TryGetInt64(out _);
        double most = wanted == typeof(int) ? Math.Min(range.Most, int.MaxValue) : range.Most;
        return isWhole && range.Holds(_json.GetInt64()) ? null : $"a whole number {Domain.Words(range.Least, most)}";
    }

    private static BetweenAttribute RangeOf(JsonPropertyInfo? property) =>
        property?.AttributeProvider?.GetCustomAttributes(typeof(BetweenAttribute), inherit: false)
            .OfType<BetweenAttribute>().FirstOrDefault() ?? BetweenAttribute.ByDefault;

    private static bool Has<TAttribute>(JsonPropertyInfo? property) where TAttribute : Attribute =>
        property?.AttributeProvider?.IsDefined(typeof(TAttribute), inherit: false) == true;

    /// <summary>Null for what is no text, or not UTF-8.</summary>
    private readonly string? Text()
    {
        try
        {
            return _json.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? _json.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Of the token just read, from 1.</summary>
    private long Line()
    {
        int offset = (int)_json.TokenStartIndex;
        _counted = (offset, _counted.Line + _bytes[_counted.Offset..offset].Count((byte)'\n'));
        return _counted.Line;
    }

    private RunDamagedException Bad(string expected)
    {
        string found = _json.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "a list",
            JsonTokenType.String when Text() is null => "not UTF-8",
            _ => Domain.Shorten(Encoding.UTF8.GetString(_json.ValueSpan)),
        };
        string place = Place;
        string what = place.Length == 0 ? "it" : $"'{place}'";
        return new RunDamagedException(_path, Line(), $"{what} is {found}; expected {expected}");
    }
}
